#include "rpc/wire/utf8.h"

#include <cstdint>
#include <cstring>

namespace rpc::wire {
namespace {

bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// Bytes of the valid character that `text`, which is not empty, begins with, or 0.
size_t CharacterSize(std::string_view text) {
  auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(at(i))) return 0;
  }
  if (lead == 0xE0 && at(1) < 0xA0) return 0;   // longer than need be
  if (lead == 0xED && at(1) >= 0xA0) return 0;  // surrogates
  if (lead == 0xF0 && at(1) < 0x90) return 0;   // longer than need be
  if (lead == 0xF4 && at(1) >= 0x90) return 0;  // above U+10FFFF
  return size;
}

bool IsAsciiWord(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return (word & 0x8080808080808080u) == 0;
}

// Bytes of ASCII that `text` begins with, found eight at a time and so rounded down, unless that is
// all of it.
size_t AsciiRun(std::string_view text) {
  size_t i = 0;
  while (i + 8 <= text.size() && IsAsciiWord(text.data() + i)) i += 8;
  const bool all = i > 0 && i + 8 > text.size() && IsAsciiWord(text.data() + text.size() - 8);
  return all ? text.size() : i;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  text.remove_prefix(AsciiRun(text));
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void AppendAsUtf8(std::string_view text, std::string* out) {
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    out->append(size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

std::string_view Utf8Prefix(std::string_view text, size_t size_max) {
  if (text.size() <= size_max) return text;
  size_t size = size_max;
  while (size > 0 && IsContinuation(static_cast<uint8_t>(text[size]))) --size;
  return text.substr(0, size);
}

}  // namespace rpc::wire
