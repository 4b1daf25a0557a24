#include "services/terminal/keys.h"

#include <algorithm>
#include <utility>

#include "services/terminal/text.h"

namespace terminal {
namespace {

using Kind = Key::Kind;

constexpr char kEscape = '\x1b';
constexpr std::string_view kPasteEnd = "\x1b[201~";
// A sequence that is longer is none.
constexpr size_t kSequenceSizeMax = 32;

bool IsControl(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }

Kind KindOfControl(char byte) {
  if (byte == 0x7F) return Kind::kBackspace;
  switch (byte + '@') {
    case 'A':
      return Kind::kHome;
    case 'B':
      return Kind::kLeft;
    case 'C':
      return Kind::kInterrupt;
    case 'D':
      return Kind::kEof;
    case 'E':
      return Kind::kEnd;
    case 'F':
      return Kind::kRight;
    case 'H':
      return Kind::kBackspace;
    case 'I':
      return Kind::kTab;
    case 'J':
    case 'M':
      return Kind::kEnter;
    case 'K':
      return Kind::kKillToEnd;
    case 'L':
      return Kind::kClear;
    case 'N':
      return Kind::kDown;
    case 'P':
      return Kind::kUp;
    case 'U':
      return Kind::kKillLine;
    case 'W':
      return Kind::kWordBack;
    case 'Z':
      return Kind::kSuspend;
    case '\\':
      return Kind::kQuit;
    default:
      return Kind::kUnknown;
  }
}

// Behind ESC [ or ESC O.
Kind KindOfLetter(char letter) {
  switch (letter) {
    case 'A':
      return Kind::kUp;
    case 'B':
      return Kind::kDown;
    case 'C':
      return Kind::kRight;
    case 'D':
      return Kind::kLeft;
    case 'F':
      return Kind::kEnd;
    case 'H':
      return Kind::kHome;
    case 'M':
      return Kind::kEnter;
    default:
      return Kind::kUnknown;
  }
}

// ESC [ number ~
Kind KindOfNumber(std::string_view number) {
  if (number == "1" || number == "7") return Kind::kHome;
  if (number == "4" || number == "8") return Kind::kEnd;
  if (number == "3") return Kind::kDelete;
  return Kind::kUnknown;
}

// Behind ESC: Alt with a key.
Kind KindOfAlt(char byte) {
  if (byte == 'b') return Kind::kWordLeft;
  if (byte == 'f') return Kind::kWordRight;
  return byte == 0x7F ? Kind::kWordBack : Kind::kUnknown;
}

// `modifiers` as xterm numbers them: 1 more than the sum of Shift 1, Alt 2, Control 4.
Kind WithModifiers(Kind kind, std::string_view modifiers) {
  const bool by_words = modifiers.size() == 1 && ((modifiers[0] - '1') & (2 | 4)) != 0;
  if (by_words && kind == Kind::kLeft) return Kind::kWordLeft;
  if (by_words && kind == Kind::kRight) return Kind::kWordRight;
  return kind;
}

// Of a sequence ESC [ parameters final.
Kind KindOfSequence(std::string_view parameters, char final) {
  const size_t semicolon = std::min(parameters.find(';'), parameters.size());
  const std::string_view first = parameters.substr(0, semicolon);
  if (final == '~') return KindOfNumber(first);
  if (final == 'M' || final == 'm') return Kind::kUnknown;  // a mouse
  std::string_view modifiers = parameters.substr(semicolon);
  if (!modifiers.empty()) modifiers.remove_prefix(1);
  return WithModifiers(KindOfLetter(final), modifiers);
}

// Whether it begins a character whose rest may follow.
bool IsCut(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  return text.size() < size && std::ranges::all_of(text.substr(1), [](char byte) {
           return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
         });
}

// Characters from the beginning of `*rest` to the first control byte, or cut character.
std::string TakeCharacters(std::string_view* rest) {
  std::string text;
  while (!rest->empty() && !IsControl(rest->front()) && !IsCut(*rest)) {
    const std::string_view before = *rest;
    const char32_t character = TakeCharacter(rest);
    const std::string_view bytes = before.substr(0, before.size() - rest->size());
    if (character >= 0x80 && character < 0xA0) continue;
    text += character == 0xFFFD ? "\xEF\xBF\xBD" : bytes;
  }
  return text;
}

void AddText(std::string text, std::vector<Key>* keys) {
  if (text.empty()) return;
  if (!keys->empty() && keys->back().kind == Kind::kText) {
    keys->back().text += text;
  } else {
    keys->push_back({.kind = Kind::kText, .text = std::move(text)});
  }
}

void AddKey(Kind kind, std::vector<Key>* keys) { keys->push_back({.kind = kind, .text = {}}); }

}  // namespace

std::vector<Key> KeyReader::Feed(std::string_view bytes) {
  std::vector<Key> keys;
  const std::string all = std::exchange(held_, {}).append(bytes);
  std::string_view rest = all;
  while (!rest.empty() && TakeKey(&rest, &keys)) {
  }
  held_ = rest;
  return keys;
}

bool KeyReader::TakeKey(std::string_view* rest, std::vector<Key>* keys) {
  if (pasting_) return TakePasted(rest, keys);
  if (rest->front() == kEscape) return TakeEscape(rest, keys);
  if (!IsControl(rest->front())) return TakeText(rest, keys);
  AddKey(KindOfControl(rest->front()), keys);
  rest->remove_prefix(1);
  return true;
}

bool KeyReader::TakeText(std::string_view* rest, std::vector<Key>* keys) {
  const size_t size = rest->size();
  AddText(TakeCharacters(rest), keys);
  return rest->size() < size;
}

bool KeyReader::TakeEscape(std::string_view* rest, std::vector<Key>* keys) {
  if (rest->size() < 2) return false;
  if ((*rest)[1] == '[') return TakeSequence(rest, keys);
  if ((*rest)[1] == kEscape) {
    rest->remove_prefix(1);
    return true;
  }
  const bool is_function = (*rest)[1] == 'O';
  if (is_function && rest->size() < 3) return false;
  AddKey(is_function ? KindOfLetter((*rest)[2]) : KindOfAlt((*rest)[1]), keys);
  rest->remove_prefix(is_function ? 3 : 2);
  return true;
}

bool KeyReader::TakeSequence(std::string_view* rest, std::vector<Key>* keys) {
  const std::string_view behind = rest->substr(2, kSequenceSizeMax);
  // The function keys of the Linux console: ESC [ [ letter.
  if (behind.starts_with('[') && behind.size() < 2) return false;
  const size_t begin = behind.starts_with('[') ? 1 : 0;
  const size_t end =
      std::min(behind.find_first_not_of("0123456789:;<=>? !\"#$%&'()*+,-./", begin), behind.size());
  if (end == behind.size() && end < kSequenceSizeMax) return false;
  const bool is_whole = end < behind.size() && !IsControl(behind[end]);
  rest->remove_prefix(2 + end + (is_whole ? 1 : 0));
  if (!is_whole) return true;
  const std::string_view parameters = behind.substr(0, end);
  pasting_ = parameters == "200" && behind[end] == '~';
  if (pasting_) return true;
  AddKey(begin == 1 ? Kind::kUnknown : KindOfSequence(parameters, behind[end]), keys);
  return true;
}

bool KeyReader::TakePasted(std::string_view* rest, std::vector<Key>* keys) {
  if (rest->starts_with(kPasteEnd)) {
    pasting_ = false;
    rest->remove_prefix(kPasteEnd.size());
    return true;
  }
  if (kPasteEnd.starts_with(*rest) || *rest == "\r") return false;
  const char byte = rest->front();
  if (!IsControl(byte)) return TakeText(rest, keys);
  if (byte == '\n' || byte == '\r' || byte == '\t') AddText(" ", keys);
  rest->remove_prefix(rest->starts_with("\r\n") ? 2 : 1);
  return true;
}

}  // namespace terminal
