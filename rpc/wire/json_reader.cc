#include "rpc/wire/json_reader.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/json_string.h"

namespace rpc::wire {
namespace {

// What a string of decimal digits may have: as many as 2^64-1.
constexpr size_t kNumberDigitsMax = 20;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// What may stand in a number or a word, and in what somebody may have taken for one.
bool IsTokenChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
         c == '.' || c == '_';
}

bool RemoveDigits(std::string_view* text) {
  size_t count = 0;
  while (count < text->size() && IsDigit((*text)[count])) ++count;
  text->remove_prefix(count);
  return count > 0;
}

bool RemoveAny(std::string_view chars, std::string_view* text) {
  if (text->empty() || chars.find(text->front()) == std::string_view::npos) return false;
  text->remove_prefix(1);
  return true;
}

bool IsNumber(std::string_view token) {
  RemoveAny("-", &token);
  if (!RemoveAny("0", &token) && !RemoveDigits(&token)) return false;
  if (RemoveAny(".", &token) && !RemoveDigits(&token)) return false;
  if (RemoveAny("eE", &token)) {
    RemoveAny("+-", &token);
    if (!RemoveDigits(&token)) return false;
  }
  return token.empty();
}

// Reads digits, nothing else and at least one. A number above `max` reads as `max`.
bool ReadDigits(std::string_view digits, uint64_t max, uint64_t* number) {
  if (digits.empty()) return false;
  *number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    *number = *number > (max - digit) / 10 ? max : *number * 10 + digit;
  }
  return true;
}

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

JsonType JsonReader::Peek() {
  SkipSpace();
  if (AtEnd()) return JsonType::kNone;
  switch (text_[position_]) {
    case '{':
      return JsonType::kObject;
    case '[':
      return JsonType::kList;
    case '"':
      return JsonType::kString;
    case 't':
      return JsonType::kTrue;
    case 'f':
      return JsonType::kFalse;
    case 'n':
      return JsonType::kNull;
    case '-':
      return JsonType::kNumber;
    default:
      return IsDigit(text_[position_]) ? JsonType::kNumber : JsonType::kNone;
  }
}

bool JsonReader::Enter() {
  SkipSpace();
  const size_t start = position_;
  if (!Take('{') && !Take('[')) return FailExpected("an object or a list");
  if (depth_ == depth_max_) {
    return Fail(start, absl::StrCat("nests deeper than ", depth_max_, ", which is the limit"));
  }
  ++depth_;
  entered_ = true;
  return true;
}

bool JsonReader::NextMember(std::string_view* name) {
  if (!NextItem('}')) return false;
  if (AtEnd() || text_[position_] != '"') return FailExpected("a member's name in double quotes");
  if (!ReadString(name)) return false;
  SkipSpace();
  return Take(':') || FailExpected("':' after a member's name");
}

bool JsonReader::NextItem(char close) {
  SkipSpace();
  if (Take(close)) {
    --depth_;
    entered_ = false;
    return false;
  }
  if (!entered_) {
    if (!Take(',')) return FailExpected(close == '}' ? "',' or '}'" : "',' or ']'");
    SkipSpace();
  }
  entered_ = false;
  return true;
}

bool JsonReader::Read(JsonValue* value) {
  value->type = Peek();
  value->position = position_;
  value->text = {};
  if (!ReadRest(value)) return false;
  value->raw = text_.substr(value->position, position_ - value->position);
  return true;
}

bool JsonReader::ReadRest(JsonValue* value) {
  switch (value->type) {
    case JsonType::kObject:
      return ReadMembers();
    case JsonType::kList:
      return ReadElements();
    case JsonType::kString:
      return ReadString(&value->text);
    case JsonType::kNumber:
      return ReadNumber();
    case JsonType::kTrue:
      return ReadWord("true");
    case JsonType::kFalse:
      return ReadWord("false");
    case JsonType::kNull:
      return ReadWord("null");
    case JsonType::kNone:
      break;
  }
  return !AtEnd() && IsTokenChar(text_[position_]) ? ReadWord("") : FailExpected("a value");
}

bool JsonReader::ReadMembers() {
  if (!Enter()) return false;
  JsonValue value;
  for (std::string_view name; NextMember(&name);) {
    if (!Read(&value)) return false;
  }
  return ok();
}

bool JsonReader::ReadElements() {
  if (!Enter()) return false;
  JsonValue value;
  while (NextElement()) {
    if (!Read(&value)) return false;
  }
  return ok();
}

bool JsonReader::ReadEnd() {
  SkipSpace();
  return AtEnd() || FailExpected("nothing after the last '}'");
}

bool JsonReader::ReadString(std::string_view* text) {
  const size_t unescaped_start = strings_->size();
  std::string what;
  if (!ReadJsonString(text_, &position_, strings_, &what)) return Fail(position_, what);
  *text = std::string_view(*strings_).substr(unescaped_start);
  return true;
}

bool JsonReader::ReadNumber() {
  const size_t start = position_;
  const std::string_view token = TakeToken();
  return IsNumber(token) || Fail(start, absl::StrCat(Printable(token), " is no number in JSON"));
}

bool JsonReader::ReadWord(std::string_view word) {
  const size_t start = position_;
  const std::string_view token = TakeToken();
  return token == word ||
         Fail(start, absl::StrCat(Printable(token),
                                  " is no value in JSON: a word can only be true, "
                                  "false or null, and a text needs double quotes"));
}

void JsonReader::SkipSpace() {
  while (!AtEnd() && IsSpace(text_[position_])) ++position_;
}

bool JsonReader::Take(char c) {
  if (AtEnd() || text_[position_] != c) return false;
  ++position_;
  return true;
}

std::string_view JsonReader::TakeToken() {
  const size_t start = position_;
  while (!AtEnd() && IsTokenChar(text_[position_])) ++position_;
  return text_.substr(start, position_ - start);
}

bool JsonReader::Fail(size_t position, std::string_view what) {
  if (ok()) error_ = absl::StrCat("byte ", position, ": ", Absl(what));
  return false;
}

bool JsonReader::FailExpected(std::string_view what) {
  const std::string found =
      AtEnd() ? "the text ends" : absl::StrCat("found ", Printable(text_.substr(position_, 1)));
  return Fail(position_, absl::StrCat("expected ", Absl(what), ", but ", found));
}

bool ToUint64(const JsonValue& value, uint64_t* number) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  if (value.type == JsonType::kNumber) return ReadDigits(value.raw, kMax, number);
  return value.type == JsonType::kString && value.text.size() <= kNumberDigitsMax &&
         ReadDigits(value.text, kMax, number);
}

bool ToInt32(const JsonValue& value, int32_t* number) {
  if (value.type != JsonType::kNumber) return false;
  const bool negative = value.raw.starts_with('-');
  constexpr uint64_t kPastMagnitude = uint64_t{1} << 32;
  uint64_t magnitude;
  if (!ReadDigits(value.raw.substr(negative), kPastMagnitude, &magnitude)) return false;
  const int64_t wide =
      negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
  *number = static_cast<int32_t>(wide);
  return *number == wide;
}

}  // namespace rpc::wire
