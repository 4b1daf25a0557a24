#include "rpc/wire/json_string.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/utf8.h"

namespace rpc::wire {
namespace {

// The letters of the short escapes, and what each stands for.
constexpr std::string_view kEscapeLetters = "\"\\/bfnrt";
constexpr std::string_view kEscapeMeanings = "\"\\/\b\f\n\r\t";

// What stands for itself in a string. Bytes of 0x80 and above are checked as UTF-8.
bool IsPlain(char c) { return static_cast<uint8_t>(c) >= 0x20 && c != '"' && c != '\\'; }

bool IsHighSurrogate(uint32_t unit) { return (unit & 0xFC00) == 0xD800; }
bool IsLowSurrogate(uint32_t unit) { return (unit & 0xFC00) == 0xDC00; }

size_t PlainRun(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && IsPlain(text[size])) ++size;
  return size;
}

void AppendEscape(char c, std::string* out) {
  const size_t i = kEscapeMeanings.find(c);
  if (i == std::string_view::npos) {
    absl::StrAppendFormat(out, "\\u%04x", static_cast<uint8_t>(c));
  } else {
    out->append({'\\', kEscapeLetters[i]});
  }
}

void AppendCharacter(uint32_t code, std::string* out) {
  auto continuation = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->append({static_cast<char>(0xC0 | code >> 6), continuation(0)});
  } else if (code < 0x10000) {
    out->append({static_cast<char>(0xE0 | code >> 12), continuation(6), continuation(0)});
  } else {
    out->append(
        {static_cast<char>(0xF0 | code >> 18), continuation(12), continuation(6), continuation(0)});
  }
}

// Reads one string; each method returns false at the first thing that is wrong.
class StringReader {
 public:
  StringReader(std::string_view text, size_t position, std::string* out)
      : text_(text), start_(position), position_(position), out_(*out) {}

  bool Read() {
    const size_t out_start = out_.size();
    ++position_;
    while (true) {
      const size_t run = PlainRun(text_.substr(position_));
      out_.append(text_.substr(position_, run));
      position_ += run;
      if (AtEnd()) return FailUnclosed();
      if (Take('"')) break;
      if (!Take('\\')) return FailControl();
      if (!ReadEscape(position_ - 1)) return false;
    }
    // An escape stands for whole characters: the unescaped text is UTF-8 if and only if it was.
    return IsValidUtf8(std::string_view(out_).substr(out_start)) ||
           Fail(start_, "a string is not UTF-8");
  }

  size_t position() const { return position_; }
  std::string& what() { return what_; }

 private:
  bool AtEnd() const { return position_ == text_.size(); }

  bool Take(char c) {
    if (AtEnd() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  bool ReadEscape(size_t escape_start) {
    if (AtEnd()) return FailUnclosed();
    const char letter = text_[position_++];
    if (letter == 'u') return ReadUnicodeEscape(escape_start);
    const size_t i = kEscapeLetters.find(letter);
    if (i == std::string_view::npos) {
      return Fail(escape_start, absl::StrCat("a string holds the unknown escape ",
                                             Printable(text_.substr(escape_start, 2))));
    }
    out_.push_back(kEscapeMeanings[i]);
    return true;
  }

  bool ReadUnicodeEscape(size_t escape_start) {
    uint32_t code;
    if (!ReadCodeUnit(&code)) return false;
    if (IsLowSurrogate(code)) return FailHalfPair(escape_start);
    if (IsHighSurrogate(code)) {
      uint32_t low = 0;
      if (Take('\\') && Take('u') && !ReadCodeUnit(&low)) return false;
      if (!IsLowSurrogate(low)) return FailHalfPair(escape_start);
      code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
    }
    AppendCharacter(code, &out_);
    return true;
  }

  bool ReadCodeUnit(uint32_t* unit) {
    *unit = 0;
    for (int i = 0; i < 4; ++i) {
      const uint32_t c = AtEnd() ? 0 : static_cast<uint8_t>(text_[position_]);
      const uint32_t letter = c | 0x20;
      if (c >= '0' && c <= '9') {
        *unit = *unit << 4 | (c - '0');
      } else if (letter >= 'a' && letter <= 'f') {
        *unit = *unit << 4 | (letter - 'a' + 10);
      } else {
        return Fail(position_, "a string holds \\u without four hex digits after it");
      }
      ++position_;
    }
    return true;
  }

  bool Fail(size_t position, std::string what) {
    position_ = position;
    what_ = std::move(what);
    return false;
  }

  bool FailUnclosed() { return Fail(start_, "a string has no closing quote"); }

  bool FailControl() {
    const uint32_t control = static_cast<uint8_t>(text_[position_]);
    return Fail(position_, absl::StrFormat("a string holds the control character 0x%02x, which "
                                           "must be written \\u%04x",
                                           control, control));
  }

  bool FailHalfPair(size_t escape_start) {
    return Fail(escape_start, absl::StrCat("a string holds half of a surrogate pair, ",
                                           Printable(text_.substr(escape_start, 6))));
  }

  std::string_view text_;
  size_t start_;
  size_t position_;
  std::string& out_;
  std::string what_;
};

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  std::string as_utf8;
  if (!IsValidUtf8(text)) {
    AppendAsUtf8(text, &as_utf8);
    text = as_utf8;
  }
  out->push_back('"');
  while (true) {
    const size_t run = PlainRun(text);
    out->append(text.substr(0, run));
    if (run == text.size()) break;
    AppendEscape(text[run], out);
    text.remove_prefix(run + 1);
  }
  out->push_back('"');
}

bool ReadJsonString(std::string_view text, size_t* position, std::string* out, std::string* what) {
  StringReader reader(text, *position, out);
  const bool good = reader.Read();
  *position = reader.position();
  *what = std::move(reader.what());
  return good;
}

}  // namespace rpc::wire
