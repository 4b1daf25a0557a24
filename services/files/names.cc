#include "services/files/names.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/files/md5.h"

namespace files {
namespace {

constexpr std::string_view kPartEnd = ".part";
constexpr size_t kHashDigits = 16;
constexpr size_t kQuotedSizeMax = 200;
// Of the file's own name in that of its part: with all else it stays below the system's 255 bytes.
constexpr size_t kLeafSizeMax = 200;

absl::Status Wrong(std::string_view name, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the name ", Quoted(name), " ", absl::string_view(why.data(), why.size())));
}

absl::Status CheckComponent(std::string_view name, std::string_view component) {
  if (component.size() > kNamePartSizeMax) {
    return Wrong(name, absl::StrCat("has a part of ", component.size(), " bytes; at most ",
                                    kNamePartSizeMax));
  }
  if (component.empty()) return Wrong(name, "has an empty part: one slash too many");
  if (component == "." || component == "..") return Wrong(name, "has a part that is . or ..");
  if (IsPartName(component)) return Wrong(name, "is that of a file which is not whole yet");
  return absl::OkStatus();
}

// How many bytes a character has at the beginning of a text, in UTF-8, that is not shown as it is:
// U+0080 to U+009F, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. 0 for any other.
size_t HiddenCharacterSize(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
  auto is_between = [](int value, int first, int last) { return first <= value && value <= last; };
  if (byte(0) == 0xC2 && is_between(byte(1), 0x80, 0x9F)) return 2;
  if (byte(0) != 0xE2) return 0;
  const int second = byte(1);
  const int third = byte(2);
  const bool is_mark = second == 0x80 && is_between(third, 0x8E, 0x8F);
  const bool is_embedding = second == 0x80 && is_between(third, 0xAA, 0xAE);
  const bool is_isolate = second == 0x81 && is_between(third, 0xA6, 0xA9);
  return is_mark || is_embedding || is_isolate ? 3 : 0;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  const std::string plain = absl::Utf8SafeCHexEscape({text.data(), text.size()});
  for (std::string_view rest = plain; !rest.empty();) {
    const size_t hidden = HiddenCharacterSize(rest);
    const std::string_view taken = rest.substr(0, std::max<size_t>(hidden, 1));
    escaped += hidden == 0 ? std::string(taken) : absl::CHexEscape({taken.data(), taken.size()});
    rest.remove_prefix(taken.size());
  }
  return escaped;
}

bool IsHashDigit(char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); }

}  // namespace

absl::Status CheckName(std::string_view name) {
  if (name.empty()) return absl::OkStatus();
  if (name.size() > kNameSizeMax) {
    return absl::InvalidArgumentError(absl::StrCat("a name of ", name.size(), " bytes, ",
                                                   Quoted(name), "; at most ", kNameSizeMax));
  }
  if (name.front() == '/') return Wrong(name, "begins with a slash; names are relative");
  if (name.find('\0') != name.npos) return Wrong(name, "has a zero byte in it");
  const auto parts = static_cast<size_t>(std::ranges::count(name, '/')) + 1;
  if (parts > kNamePartsMax) {
    return Wrong(name, absl::StrCat("has ", parts, " parts; at most ", kNamePartsMax));
  }
  const absl::string_view text(name.data(), name.size());
  for (const absl::string_view component : absl::StrSplit(text, '/')) {
    const absl::Status checked = CheckComponent(name, {component.data(), component.size()});
    if (!checked.ok()) return checked;
  }
  return absl::OkStatus();
}

std::string PartName(std::string_view leaf, uint64_t size, int64_t mtime_ns) {
  Md5 hash;
  hash.Update(absl::StrCat(size, " ", mtime_ns, " "));
  hash.Update(leaf);
  const std::string digits = HexOf(hash.Finish()).substr(0, kHashDigits);
  const std::string_view kept = leaf.substr(0, kLeafSizeMax);
  std::string name = ".";
  name.append(kept).append(".").append(digits).append(kPartEnd);
  return name;
}

bool IsPartName(std::string_view leaf) {
  if (!leaf.starts_with('.') || !leaf.ends_with(kPartEnd)) return false;
  leaf.remove_suffix(kPartEnd.size());
  if (leaf.size() < kHashDigits + 2) return false;
  const std::string_view digits = leaf.substr(leaf.size() - kHashDigits);
  return leaf[leaf.size() - kHashDigits - 1] == '.' && std::ranges::all_of(digits, IsHashDigit);
}

std::string Quoted(std::string_view name) {
  const bool cut = name.size() > kQuotedSizeMax;
  const std::string_view kept = name.substr(0, kQuotedSizeMax);
  return absl::StrCat("\"", Escaped(kept), cut ? "\"..." : "\"");
}

}  // namespace files
