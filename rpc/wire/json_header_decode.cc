#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/json_header.h"
#include "rpc/wire/json_reader.h"
#include "rpc/wire/json_string.h"
#include "rpc/wire/json_words.h"
#include "rpc/wire/limits.h"

namespace rpc::wire {
namespace {

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

std::string Quoted(std::string_view text) { return absl::StrCat("\"", Absl(text), "\""); }

// Reads one record; each method returns false at the first thing that is wrong.
class Decoder {
 public:
  Decoder(std::string_view text, std::string* storage, Header* header)
      : text_(text),
        reader_(text, kJsonHeaderDepthMax, storage),
        storage_(*storage),
        header_(*header) {}

  bool Decode() {
    if (!text_.starts_with(kJsonFirstByte)) return reader_.Fail(0, "the first byte is not '{'");
    if (!reader_.Enter()) return false;
    for (std::string_view name; reader_.NextMember(&name);) {
      if (!ReadMember(name)) return false;
    }
    if (!reader_.ok() || !reader_.ReadEnd()) return false;
    const bool last_given = (flags_given_ & kFlagLast) != 0;
    if (!last_given && header_.kind == Kind::kCall && !header_.Has(kFlagMore | kFlagBare)) {
      header_.flags |= kFlagLast;
    }
    return true;
  }

  const std::string& error() const { return reader_.error(); }

 private:
  bool ReadMember(std::string_view name) {
    if (reader_.Peek() == JsonType::kNull) return Skip();
    if (name == "md5") return ReadMd5();
    if (name == "name") return ReadText(name, &header_.name);
    if (name == "size") return ReadNumber(name, &header_.size);
    if (name == "kind") return ReadEnum(name, kKindWords, kUnknownKindWord, &header_.kind);
    if (name == "call") return ReadNumber(name, &header_.call);
    if (name == "last") return ReadFlag(name, kFlagLast);
    if (name == "more") return ReadFlag(name, kFlagMore);
    if (name == "bare") return ReadFlag(name, kFlagBare);
    if (name == "unseen") return ReadFlag(name, kFlagUnseen);
    if (name == "timeout_us") return ReadNumber(name, &header_.timeout_us);
    if (name == "code") return ReadCode();
    if (name == "message") return ReadText(name, &header_.message);
    if (name == "metadata") return ReadMetadata();
    if (name == "details") return ReadDetails();
    if (name == "credit") return ReadNumber(name, &header_.credit);
    if (name == "encoding") {
      return ReadEnum(name, kEncodingWords, kUnknownEncodingWord, &header_.encoding);
    }
    if (name == "session") return ReadSession();
    if (name == "padding") return ReadText(name, &header_.padding);
    return Skip();
  }

  bool Skip() {
    JsonValue ignored;
    return reader_.Read(&ignored);
  }

  bool ReadMd5() {
    JsonValue value;
    if (!reader_.Read(&value)) return false;
    if (value.type != JsonType::kString) return Wrong("\"md5\"", value, "a string");
    header_.md5 = value.text;
    char md5[kMd5Bytes];
    if (value.text.size() == 2 * kMd5Bytes && DecodeHex(value.text, md5)) {
      header_.md5.remove_suffix(kMd5Bytes);
      std::memcpy(InStorage(header_.md5), md5, kMd5Bytes);
    } else if (value.text.size() == kMd5Bytes) {
      header_.md5.remove_suffix(1);  // a wrong text must not pass for 16 bytes
    }
    return true;
  }

  bool ReadText(std::string_view name, std::string_view* text) {
    JsonValue value;
    if (!reader_.Read(&value)) return false;
    if (value.type != JsonType::kString) return Wrong(Quoted(name), value, "a string");
    *text = value.text;
    return true;
  }

  bool ReadNumber(std::string_view name, uint64_t* number) {
    JsonValue value;
    if (!reader_.Read(&value)) return false;
    return ToUint64(value, number) ||
           Wrong(Quoted(name), value, absl::StrCat("an integer from 0 to ", kNumberMax));
  }

  bool ReadCode() {
    constexpr uint32_t kMax = std::numeric_limits<uint32_t>::max();
    JsonValue value;
    uint64_t number;
    if (!reader_.Read(&value)) return false;
    if (!ToUint64(value, &number) || number > kMax) {
      return Wrong("\"code\"", value, absl::StrCat("an integer from 0 to ", kMax));
    }
    header_.code = static_cast<uint32_t>(number);
    return true;
  }

  template <typename Enum, size_t kCount>
  bool ReadEnum(std::string_view name, const std::string_view (&words)[kCount], Enum unknown,
                Enum* result) {
    JsonValue value;
    if (!reader_.Read(&value)) return false;
    if (value.type == JsonType::kString) {
      const auto word = std::find(std::begin(words), std::end(words), value.text);
      *result = word == std::end(words) ? unknown : Enum{static_cast<int32_t>(word - words)};
      return true;
    }
    int32_t number;
    if (!ToInt32(value, &number)) {
      return Wrong(Quoted(name), value, "a word or an integer of 32 bits");
    }
    *result = Enum{number};
    return true;
  }

  bool ReadFlag(std::string_view name, uint32_t flag) {
    JsonValue value;
    if (!reader_.Read(&value)) return false;
    if (value.type != JsonType::kTrue && value.type != JsonType::kFalse) {
      return Wrong(Quoted(name), value, "true or false");
    }
    flags_given_ |= flag;
    header_.flags = value.type == JsonType::kTrue ? header_.flags | flag : header_.flags & ~flag;
    return true;
  }

  bool ReadSession() {
    JsonValue value;
    char bytes[kSessionDigits / 2];
    if (!reader_.Read(&value)) return false;
    if (value.type != JsonType::kString || value.text.size() != kSessionDigits ||
        !DecodeHex(value.text, bytes)) {
      return Wrong("\"session\"", value, "a string of 16 lower-case hex digits");
    }
    header_.session = 0;
    for (const char byte : bytes) {
      header_.session = header_.session << 8 | static_cast<uint8_t>(byte);
    }
    return true;
  }

  bool ReadMetadata() {
    header_.metadata.clear();
    if (reader_.Peek() != JsonType::kObject) return ReadWrong("\"metadata\"", "an object");
    if (!reader_.Enter()) return false;
    for (std::string_view key; reader_.NextMember(&key);) {
      if (!ReadMetadatum(key)) return false;
    }
    return reader_.ok();
  }

  bool ReadMetadatum(std::string_view key) {
    if (reader_.Peek() == JsonType::kNull) return Skip();
    if (reader_.Peek() != JsonType::kList) return ReadMetadataValue(key);
    if (!reader_.Enter()) return false;
    while (reader_.NextElement()) {
      if (!ReadMetadataValue(key)) return false;
    }
    return reader_.ok();
  }

  bool ReadMetadataValue(std::string_view key) {
    auto subject = [&] { return absl::StrCat("metadata \"", Printable(key), "\""); };
    JsonValue value;
    if (!reader_.Read(&value)) return false;
    if (value.type != JsonType::kString) {
      return Wrong(subject(), value, "a string or a list of strings");
    }
    if (key.ends_with(kBinaryKeyEnd) && !DecodeInPlace(&value.text)) {
      return Wrong(subject(), value, "base64, because its key ends in -bin");
    }
    header_.metadata.push_back({key, value.text});
    return true;
  }

  bool ReadDetails() {
    header_.details.clear();
    if (reader_.Peek() != JsonType::kList) return ReadWrong("\"details\"", "a list of objects");
    if (!reader_.Enter()) return false;
    while (reader_.NextElement()) {
      if (!ReadDetail()) return false;
    }
    return reader_.ok();
  }

  bool ReadDetail() {
    if (reader_.Peek() != JsonType::kObject) {
      return ReadWrong("an element of \"details\"", "an object");
    }
    if (!reader_.Enter()) return false;
    Detail& detail = header_.details.emplace_back();
    for (std::string_view name; reader_.NextMember(&name);) {
      if (!ReadDetailMember(name, &detail)) return false;
    }
    return reader_.ok();
  }

  bool ReadDetailMember(std::string_view name, Detail* detail) {
    if (reader_.Peek() == JsonType::kNull) return Skip();
    if (name == "type_url") return ReadText(name, &detail->type_url);
    if (name != "value") return Skip();
    JsonValue value;
    if (!reader_.Read(&value)) return false;
    if (value.type != JsonType::kString || !DecodeInPlace(&value.text)) {
      return Wrong("\"value\" in \"details\"", value, "a string of base64");
    }
    detail->value = value.text;
    return true;
  }

  // Reads the value that comes next, only to say that it is of the wrong type.
  bool ReadWrong(std::string_view subject, std::string_view wanted) {
    JsonValue value;
    return reader_.Read(&value) && Wrong(subject, value, wanted);
  }

  bool Wrong(std::string_view subject, const JsonValue& value, std::string_view wanted) {
    return reader_.Fail(value.position, absl::StrCat(Absl(subject), " is ", Printable(value.raw),
                                                     ", but must be ", Absl(wanted)));
  }

  // Where the bytes of `text`, a view of the storage, may be written.
  char* InStorage(std::string_view text) {
    return storage_.data() + (text.data() - storage_.data());
  }

  bool DecodeInPlace(std::string_view* base64) {
    size_t size;
    if (!DecodeBase64(*base64, InStorage(*base64), &size)) return false;
    *base64 = base64->substr(0, size);
    return true;
  }

  std::string_view text_;
  JsonReader reader_;
  std::string& storage_;
  Header& header_;
  uint32_t flags_given_ = 0;  // as true or as false
};

}  // namespace

absl::Status DecodeJsonHeader(std::string_view text, std::string* storage, Header* header) {
  header->Clear();
  header->form = Form::kJson;
  storage->clear();
  storage->reserve(text.size());
  Decoder decoder(text, storage, header);
  if (decoder.Decode()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("JSON header, ", decoder.error()));
}

}  // namespace rpc::wire
