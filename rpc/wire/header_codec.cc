#include "rpc/wire/header_codec.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "rpc/wire/limits.h"
#include "rpc/wire/proto_reader.h"
#include "rpc/wire/utf8.h"

namespace rpc::wire {
namespace {

constexpr uint32_t kKeyField = 1;  // Metadatum.key and Detail.type_url
constexpr uint32_t kValueField = 2;

// Reads one record; each method returns false at the first thing that is wrong, and then `why_`
// says what.
class Decoder {
 public:
  Decoder(std::string_view record, Header* header)
      : size_(record.size()), reader_(record), header_(*header) {}

  bool Decode() {
    uint32_t tag;
    while (!reader_.AtEnd()) {
      if (!reader_.ReadTag(&tag) || !DecodeField(tag)) return false;
    }
    return true;
  }

  absl::Status Error() const {
    return absl::InvalidArgumentError(absl::StrCat("header record of ", size_, " bytes ", why_,
                                                   " (found at byte ", reader_.position(), ")"));
  }

 private:
  bool DecodeField(uint32_t tag) {
    constexpr auto kVarint = WireType::kVarint;
    constexpr auto kBytes = WireType::kBytes;
    switch (tag) {
      case Tag(kFieldMd5, kBytes):
        return reader_.ReadBytes(&header_.md5);
      case Tag(kFieldName, kBytes):
        return ReadText(&reader_, &header_.name);
      case Tag(kFieldSize, kVarint):
        return reader_.ReadNumber(&header_.size);
      case Tag(kFieldKind, kVarint):
        return ReadEnum(&header_.kind);
      case Tag(kFieldCall, kVarint):
        return reader_.ReadNumber(&header_.call);
      case Tag(kFieldFlags, kVarint):
        return reader_.ReadNumber(&header_.flags);
      case Tag(kFieldTimeoutUs, kVarint):
        return reader_.ReadNumber(&header_.timeout_us);
      case Tag(kFieldCode, kVarint):
        return reader_.ReadNumber(&header_.code);
      case Tag(kFieldMessage, kBytes):
        return ReadText(&reader_, &header_.message);
      case Tag(kFieldMetadata, kBytes):
        header_.metadata.emplace_back();
        return ReadPair(&header_.metadata.back().key, &header_.metadata.back().value);
      case Tag(kFieldDetails, kBytes):
        header_.details.emplace_back();
        return ReadPair(&header_.details.back().type_url, &header_.details.back().value);
      case Tag(kFieldCredit, kVarint):
        return reader_.ReadNumber(&header_.credit);
      case Tag(kFieldEncoding, kVarint):
        return ReadEnum(&header_.encoding);
      case Tag(kFieldSession, WireType::kFixed64):
        return reader_.ReadFixed64(&header_.session);
      case Tag(kFieldPadding, kBytes):
        return reader_.ReadBytes(&header_.padding);
      default:
        return reader_.Skip(tag, kHeaderDepthMax);
    }
  }

  template <typename Enum>
  bool ReadEnum(Enum* value) {
    int32_t number;
    if (!reader_.ReadNumber(&number)) return false;
    *value = Enum{number};
    return true;
  }

  bool ReadText(ProtoReader* reader, std::string_view* text) {
    if (!reader->ReadBytes(text)) return false;
    if (IsValidUtf8(*text)) return true;
    why_ = "has a text that is not UTF-8";
    return false;
  }

  bool ReadPair(std::string_view* key, std::string_view* value) {
    std::string_view bytes;
    if (!reader_.ReadBytes(&bytes)) return false;
    ProtoReader pair(bytes);
    while (!pair.AtEnd()) {
      uint32_t tag;
      if (!pair.ReadTag(&tag)) return false;
      bool good;
      if (tag == Tag(kKeyField, WireType::kBytes)) {
        good = ReadText(&pair, key);
      } else if (tag == Tag(kValueField, WireType::kBytes)) {
        good = pair.ReadBytes(value);
      } else {
        good = pair.Skip(tag, kHeaderDepthMax - 1);
      }
      if (!good) return false;
    }
    return true;
  }

  size_t size_;
  ProtoReader reader_;
  Header& header_;
  const char* why_ = "is not valid protobuf";
};

size_t VarintSize(uint64_t value) {
  // (highest bit * 9 + 73) / 64 = 1 + highest bit / 7, without a division.
  const uint32_t highest_bit = 63 ^ static_cast<uint32_t>(__builtin_clzll(value | 1));
  return (highest_bit * 9 + 73) / 64;
}

// An enum is written as a signed number.
template <typename Enum>
uint64_t EnumBits(Enum value) {
  return static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
}

constexpr size_t TagSize(uint32_t field) { return field < 16 ? 1 : 2; }

size_t NumberSize(uint32_t field, uint64_t value) {
  return value == 0 ? 0 : TagSize(field) + VarintSize(value);
}

size_t BytesSize(uint32_t field, size_t size) { return TagSize(field) + VarintSize(size) + size; }

size_t StringSize(uint32_t field, std::string_view bytes) {
  return bytes.empty() ? 0 : BytesSize(field, bytes.size());
}

size_t PairSize(std::string_view key, std::string_view value) {
  return StringSize(kKeyField, key) + StringSize(kValueField, value);
}

// Writes fields one behind the other; what has its default value is left out.
class Writer {
 public:
  explicit Writer(char* out) : out_(out) {}

  char* end() const { return out_; }

  void Number(uint32_t field, uint64_t value) {
    if (value == 0) return;
    Varint(Tag(field, WireType::kVarint));
    Varint(value);
  }

  void String(uint32_t field, std::string_view bytes) {
    if (bytes.empty()) return;
    Varint(Tag(field, WireType::kBytes));
    Varint(bytes.size());
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }

  void Pair(uint32_t field, std::string_view key, std::string_view value) {
    Varint(Tag(field, WireType::kBytes));
    Varint(PairSize(key, value));
    String(kKeyField, key);
    String(kValueField, value);
  }

  void Fixed64(uint32_t field, uint64_t value) {
    if (value == 0) return;
    Varint(Tag(field, WireType::kFixed64));
    for (int i = 0; i < 8; ++i) *out_++ = static_cast<char>(value >> (8 * i));
  }

 private:
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out_++ = static_cast<char>(value | 0x80);
    *out_++ = static_cast<char>(value);
  }

  char* out_;
};

}  // namespace

absl::Status DecodeHeader(std::string_view record, Header* header) {
  header->Clear();
  Decoder decoder(record, header);
  return decoder.Decode() ? absl::OkStatus() : decoder.Error();
}

size_t EncodedHeaderSize(const Header& header) {
  size_t size =
      StringSize(kFieldMd5, header.md5) + StringSize(kFieldName, header.name) +
      NumberSize(kFieldSize, header.size) + NumberSize(kFieldKind, EnumBits(header.kind)) +
      NumberSize(kFieldCall, header.call) + NumberSize(kFieldFlags, header.flags) +
      NumberSize(kFieldTimeoutUs, header.timeout_us) + NumberSize(kFieldCode, header.code) +
      StringSize(kFieldMessage, header.message) + NumberSize(kFieldCredit, header.credit) +
      NumberSize(kFieldEncoding, EnumBits(header.encoding)) +
      (header.session == 0 ? 0 : TagSize(kFieldSession) + 8) +
      StringSize(kFieldPadding, header.padding);
  for (const Metadatum& m : header.metadata) {
    size += BytesSize(kFieldMetadata, PairSize(m.key, m.value));
  }
  for (const Detail& d : header.details) {
    size += BytesSize(kFieldDetails, PairSize(d.type_url, d.value));
  }
  return size;
}

char* EncodeHeader(const Header& header, char* out) {
  Writer writer(out);
  writer.String(kFieldMd5, header.md5);
  writer.String(kFieldName, header.name);
  writer.Number(kFieldSize, header.size);
  writer.Number(kFieldKind, EnumBits(header.kind));
  writer.Number(kFieldCall, header.call);
  writer.Number(kFieldFlags, header.flags);
  writer.Number(kFieldTimeoutUs, header.timeout_us);
  writer.Number(kFieldCode, header.code);
  writer.String(kFieldMessage, header.message);
  for (const Metadatum& m : header.metadata) writer.Pair(kFieldMetadata, m.key, m.value);
  for (const Detail& d : header.details) writer.Pair(kFieldDetails, d.type_url, d.value);
  writer.Number(kFieldCredit, header.credit);
  writer.Number(kFieldEncoding, EnumBits(header.encoding));
  writer.Fixed64(kFieldSession, header.session);
  writer.String(kFieldPadding, header.padding);
  return writer.end();
}

}  // namespace rpc::wire
