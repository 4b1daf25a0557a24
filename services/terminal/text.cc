#include "services/terminal/text.h"

#include <cstdint>
#include <cstdio>

namespace terminal {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr size_t kTabStop = 8;

struct Decoded {
  char32_t character = kReplacement;
  size_t size = 1;
  bool is_valid = false;
};

Decoded Decode(std::string_view text) {
  constexpr char32_t kFirstOfSize[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return {.character = lead, .size = 1, .is_valid = true};
  const size_t size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return {};
  char32_t character = lead & (0xFF >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    character = character << 6 | (byte & 0x3F);
  }
  const bool is_surrogate = character >= 0xD800 && character < 0xE000;
  if (character < kFirstOfSize[size] || is_surrogate || character > 0x10FFFF) return {};
  return {.character = character, .size = size, .is_valid = true};
}

// Those that turn the direction of text, and separators of lines.
bool ChangesLayout(char32_t character) {
  return (character >= 0x80 && character < 0xA0) || character == 0x61C ||
         (character >= 0x200E && character <= 0x200F) ||
         (character >= 0x2028 && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069) || character == 0xFEFF;
}

std::string Printed(const char* format, unsigned value) {
  char buffer[16];
  std::snprintf(buffer, sizeof(buffer), format, value);
  return buffer;
}

// Appends the first character of `*text`, harmless, and takes it.
void AppendHarmless(std::string_view* text, std::string* out) {
  const Decoded decoded = Decode(*text);
  const char32_t character = decoded.character;
  if (!decoded.is_valid) {
    *out += Printed("\\x%02x", static_cast<uint8_t>(text->front()));
  } else if (character < 0x20 || character == 0x7F) {
    *out += {'^', static_cast<char>(character ^ 0x40)};
  } else if (ChangesLayout(character)) {
    *out += Printed("<U+%04X>", character);
  } else {
    *out += text->substr(0, decoded.size);
  }
  text->remove_prefix(decoded.size);
}

size_t WidthOfFirst(std::string_view text) {
  return static_cast<size_t>(CharacterWidth(Decode(text).character));
}

}  // namespace

char32_t TakeCharacter(std::string_view* text) {
  const Decoded decoded = Decode(*text);
  text->remove_prefix(decoded.size);
  return decoded.character;
}

Cell TakeCell(std::string_view* text) {
  const std::string_view whole = *text;
  Cell cell;
  cell.width = static_cast<size_t>(CharacterWidth(TakeCharacter(text)));
  while (!text->empty() && static_cast<uint8_t>(text->front()) >= 0x80 && WidthOfFirst(*text) == 0)
    TakeCharacter(text);
  cell.bytes = whole.substr(0, whole.size() - text->size());
  return cell;
}

size_t TextWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += TakeCell(&text).width;
  return width;
}

std::string_view FirstColumns(std::string_view text, size_t columns) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t taken = text.size() - rest.size();
    const Cell cell = TakeCell(&rest);
    if (cell.width > columns) return text.substr(0, taken);
    columns -= cell.width;
  }
  return text;
}

std::string Harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) AppendHarmless(&text, &out);
  return out;
}

std::string HarmlessLines(std::string_view text) {
  std::string out;
  size_t line = 0;  // where it begins in `out`
  while (!text.empty()) {
    if (text.starts_with("\r\n")) text.remove_prefix(1);
    if (text.front() == '\n') {
      out += '\n';
      line = out.size();
      text.remove_prefix(1);
    } else if (text.front() == '\t') {
      const size_t column = TextWidth(std::string_view(out).substr(line));
      out.append(kTabStop - column % kTabStop, ' ');
      text.remove_prefix(1);
    } else {
      AppendHarmless(&text, &out);
    }
  }
  return out;
}

}  // namespace terminal
