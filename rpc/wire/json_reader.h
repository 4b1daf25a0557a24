// Reads JSON text piece by piece, strictly as RFC 8259 has it.
//
//     JsonReader reader(text, depth_max, &strings);
//     if (!reader.Enter()) return false;
//     for (std::string_view name; reader.NextMember(&name);) {
//       JsonValue value;
//       if (!reader.Read(&value)) return false;
//     }
//     return reader.ok() && reader.ReadEnd();
//
// Strings are unescaped into `strings`, one behind the other, where the owner must have reserved
// text.size() bytes: no string becomes longer when it is unescaped, and each is read once, so that
// the room suffices and the views into it stay valid.
//
// A method returns false when the text is wrong; error() then says what and where, and the reader
// is of no further use. The text may be anything; the stack it takes is bounded by depth_max.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rpc::wire {

// kNone: nothing that begins a value.
enum class JsonType : uint8_t { kNone, kObject, kList, kString, kNumber, kTrue, kFalse, kNull };

struct JsonValue {
  JsonType type = JsonType::kNone;
  size_t position = 0;    // of its first byte
  std::string_view raw;   // as it stands in the text
  std::string_view text;  // kString: unescaped, in the reader's `strings`
};

// False unless `value` is an integer that is not negative, as a number without fraction and
// exponent or as a string of up to 20 decimal digits. Above 2^64-1 it reads as 2^64-1.
bool ToUint64(const JsonValue& value, uint64_t* number);

// False unless `value` is a number without fraction and exponent that fits.
bool ToInt32(const JsonValue& value, int32_t* number);

class JsonReader {
 public:
  // An object or list that stands in no other is at depth 1.
  JsonReader(std::string_view text, int depth_max, std::string* strings)
      : text_(text), depth_max_(depth_max), strings_(strings) {}

  // What the next value is, going by its first byte.
  JsonType Peek();

  // Reads the start of the object or list that Peek saw; NextMember or NextElement reads on.
  bool Enter();

  // Reads up to the value of the next member. False at the end of the object too: see ok().
  bool NextMember(std::string_view* name);

  // Reads up to the next element. False at the end of the list too: see ok().
  bool NextElement() { return NextItem(']'); }

  // Reads the next value, whatever it is, to its end. Of an object or list only `raw` is kept.
  bool Read(JsonValue* value);

  // Reads what follows the outermost value: nothing but white space.
  bool ReadEnd();

  // Makes the sentence of error() say that `what` is wrong at `position`. Returns false.
  bool Fail(size_t position, std::string_view what);

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }

 private:
  bool AtEnd() const { return position_ == text_.size(); }
  void SkipSpace();
  bool Take(char c);
  std::string_view TakeToken();
  bool NextItem(char close);
  bool ReadRest(JsonValue* value);
  bool ReadMembers();
  bool ReadElements();
  bool ReadString(std::string_view* text);
  bool ReadNumber();
  bool ReadWord(std::string_view word);
  bool FailExpected(std::string_view what);

  std::string_view text_;
  size_t position_ = 0;
  int depth_max_;
  int depth_ = 0;
  bool entered_ = false;  // nothing read yet since Enter: no comma is due
  std::string* strings_;
  std::string error_;
};

}  // namespace rpc::wire
