#include "rpc/wire/bytes_as_text.h"

#include <array>
#include <cstdint>

namespace rpc::wire {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr int8_t kNoDigit = -1;
using DigitValues = std::array<int8_t, 256>;

constexpr DigitValues ValuesOf(std::string_view digits) {
  DigitValues values;
  values.fill(kNoDigit);
  for (size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<uint8_t>(digits[i])] = static_cast<int8_t>(i);
  }
  return values;
}

constexpr DigitValues Base64Values() {
  DigitValues values = ValuesOf(kBase64Digits);
  values['-'] = values['+'];
  values['_'] = values['/'];
  return values;
}

constexpr DigitValues kHexValues = ValuesOf(kHexDigits);
constexpr DigitValues kBase64Values = Base64Values();

int ValueOf(const DigitValues& values, char digit) { return values[static_cast<uint8_t>(digit)]; }

std::string_view WithoutPadding(std::string_view text) {
  if (text.size() % 4 != 0) return text;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return text;
}

}  // namespace

void AppendHex(std::string_view bytes, std::string* out) {
  for (const char c : bytes) {
    const uint8_t byte = static_cast<uint8_t>(c);
    out->push_back(kHexDigits[byte >> 4]);
    out->push_back(kHexDigits[byte & 15]);
  }
}

bool DecodeHex(std::string_view text, char* out) {
  if (text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = ValueOf(kHexValues, text[i]);
    const int low = ValueOf(kHexValues, text[i + 1]);
    if (high == kNoDigit || low == kNoDigit) return false;
    *out++ = static_cast<char>(high << 4 | low);
  }
  return true;
}

void AppendBase64(std::string_view bytes, std::string* out) {
  auto at = [&](size_t i) {
    return i < bytes.size() ? uint32_t{static_cast<uint8_t>(bytes[i])} : 0;
  };
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    const char digits[] = {kBase64Digits[group >> 18], kBase64Digits[group >> 12 & 63],
                           i + 1 < bytes.size() ? kBase64Digits[group >> 6 & 63] : '=',
                           i + 2 < bytes.size() ? kBase64Digits[group & 63] : '='};
    out->append(digits, sizeof digits);
  }
}

bool DecodeBase64(std::string_view text, char* out, size_t* size) {
  text = WithoutPadding(text);
  if (text.size() % 4 == 1) return false;
  char* at = out;
  uint32_t bits = 0;
  int bits_count = 0;
  for (const char c : text) {
    const int value = ValueOf(kBase64Values, c);
    if (value == kNoDigit) return false;
    bits = bits << 6 | static_cast<uint32_t>(value);
    bits_count += 6;
    if (bits_count >= 8) {
      bits_count -= 8;
      *at++ = static_cast<char>(bits >> bits_count);
    }
  }
  *size = static_cast<size_t>(at - out);
  return true;
}

std::string Printable(std::string_view text, size_t size_max) {
  std::string shown;
  for (const char c : text.substr(0, size_max)) {
    if (c >= ' ' && c <= '~') {
      shown += c;
    } else {
      shown += "\\x";
      AppendHex({&c, 1}, &shown);
    }
  }
  if (text.size() > size_max) shown += "...";
  return shown;
}

}  // namespace rpc::wire
