#include "services/chat/words.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace chat {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct Range {
  char32_t first;
  char32_t last;
};

// They move, break or turn what is written after them.
constexpr auto kHarmful = std::to_array<Range>({
    {0x00, 0x1f},
    {0x7f, 0x9f},
    {0x061c, 0x061c},
    {0x200e, 0x200f},
    {0x2028, 0x202e},
    {0x2066, 0x2069},
    {0xfff9, 0xfffb},
    {0xe0000, 0xe007f},
});

// Blanks, and what cannot be seen: two names that look the same would be two.
constexpr auto kInvisible = std::to_array<Range>({
    {0x00a0, 0x00a0},   {0x00ad, 0x00ad},    {0x034f, 0x034f},   {0x0600, 0x0605},
    {0x06dd, 0x06dd},   {0x070f, 0x070f},    {0x08e2, 0x08e2},   {0x115f, 0x1160},
    {0x1680, 0x1680},   {0x17b4, 0x17b5},    {0x180b, 0x180f},   {0x2000, 0x200d},
    {0x202f, 0x202f},   {0x205f, 0x2065},    {0x206a, 0x206f},   {0x2800, 0x2800},
    {0x3000, 0x3000},   {0x3164, 0x3164},    {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},    {0xfff0, 0xfff8},   {0x110bd, 0x110bd},
    {0x13430, 0x1343f}, {0x16fe4, 0x16fe4},  {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159},
    {0x1d173, 0x1d17a}, {0xe0080, 0x10ffff},
});

// They are drawn over the character before: many of them cover the lines around, too.
constexpr auto kCombining = std::to_array<Range>({
    {0x0300, 0x036f},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff},
    {0xfe20, 0xfe2f},
});
constexpr size_t kCombiningMax = 2;  // in a row

template <size_t kSize>
bool IsIn(char32_t c, const std::array<Range, kSize>& ranges) {
  return std::ranges::any_of(ranges, [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// The bytes of the character at the beginning of valid UTF-8.
size_t SizeOf(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text.front());
  const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(size, text.size());
}

char32_t CharacterOf(std::string_view bytes) {
  if (bytes.size() == 1) return static_cast<uint8_t>(bytes.front());
  char32_t c = static_cast<uint8_t>(bytes.front()) & (0xff >> (bytes.size() + 1));
  for (const char byte : bytes.substr(1)) c = c << 6 | (static_cast<uint8_t>(byte) & 0x3f);
  return c;
}

bool MayBeInName(char32_t c) {
  if (c < 0x80) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  }
  return !IsIn(c, kHarmful) && !IsIn(c, kInvisible);
}

// Nothing that one would see.
bool IsBlank(std::string_view text) {
  while (!text.empty()) {
    const std::string_view bytes = text.substr(0, SizeOf(text));
    const char32_t c = CharacterOf(bytes);
    const bool is_blank = bytes.size() == 1 ? c <= ' ' : IsIn(c, kInvisible);
    if (!is_blank) return false;
    text.remove_prefix(bytes.size());
  }
  return true;
}

std::string Quoted(std::string_view name) {
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape({name.data(), name.size()}), "\"");
}

absl::Status TooManyMarks(absl::string_view subject, std::string_view name, size_t character) {
  return absl::InvalidArgumentError(absl::StrCat(
      subject, " ", Quoted(name), " has a mark at character ", character, "; it may have ",
      kCombiningMax, " marks on a character, and none at its beginning"));
}

std::string Harmless(std::string_view text) {
  std::string harmless;
  harmless.reserve(text.size());
  while (!text.empty()) {
    const std::string_view bytes = text.substr(0, SizeOf(text));
    const char32_t c = CharacterOf(bytes);
    harmless += c == '\t' ? " " : IsIn(c, kHarmful) ? kReplacement : bytes;
    text.remove_prefix(bytes.size());
  }
  return harmless;
}

}  // namespace

absl::Status CheckName(std::string_view what, std::string_view name) {
  const absl::string_view subject(what.data(), what.size());
  if (name.empty()) return absl::InvalidArgumentError(absl::StrCat(subject, " is empty"));
  // No character has more than 4 bytes. What is larger than any name is not shown.
  if (name.size() > 4 * kNameLengthMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        subject, " has ", name.size(), " bytes; it may have ", kNameLengthMax, " characters"));
  }
  size_t length = 0;
  size_t marks = kCombiningMax;  // in a row; it may not begin with one
  for (size_t at = 0; at < name.size(); ++length) {
    const std::string_view bytes = name.substr(at, SizeOf(name.substr(at)));
    const char32_t c = CharacterOf(bytes);
    marks = IsIn(c, kCombining) ? marks + 1 : 0;
    if (marks > kCombiningMax) return TooManyMarks(subject, name, length + 1);
    if (!MayBeInName(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat(subject, " ", Quoted(name), " has ", Quoted(bytes), " at character ",
                       length + 1, "; it may have letters, digits, \"-\", \"_\" and \".\""));
    }
    at += bytes.size();
  }
  if (length <= kNameLengthMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(subject, " ", Quoted(name), " has ", length,
                                                 " characters; it may have ", kNameLengthMax));
}

std::string KeyOf(std::string_view name) {
  return absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
}

absl::StatusOr<std::string> ReadText(std::string_view text, size_t size_max) {
  if (IsBlank(text)) return absl::InvalidArgumentError("the text has nothing in it");
  std::string harmless = Harmless(text.substr(0, size_max + 1));
  const size_t size = std::max(text.size(), harmless.size());
  if (size <= size_max) return harmless;
  return absl::InvalidArgumentError(
      absl::StrCat("the text has ", size, " bytes; it may have ", size_max));
}

}  // namespace chat
