// Reads the protobuf encoding piece by piece from bytes in memory, and steps over what it is not
// asked for. It accepts exactly what protobuf's own parser accepts.
//
// Each Read returns false when the bytes end too early or are not well-formed; the reader is then
// of no further use, but for position().
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rpc::wire {

// The low three bits of a tag.
enum class WireType : uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kGroupStart = 3,
  kGroupEnd = 4,
  kFixed32 = 5,
};

constexpr uint32_t Tag(uint32_t field, WireType type) {
  return field << 3 | static_cast<uint32_t>(type);
}

class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  bool AtEnd() const { return at_ == end_; }
  size_t position() const { return static_cast<size_t>(at_ - begin_); }

  bool ReadTag(uint32_t* tag) {
    uint64_t value;
    if (!ReadVarint(kTagBytesMax, &value)) return false;
    *tag = static_cast<uint32_t>(value);
    return true;
  }

  // A number; of what does not fit T the upper bits are lost, as in protobuf.
  template <typename T>
  bool ReadNumber(T* number) {
    uint64_t value;
    if (!ReadVarint(kVarintBytesMax, &value)) return false;
    *number = static_cast<T>(value);
    return true;
  }

  bool ReadFixed64(uint64_t* number) {
    if (end_ - at_ < 8) return false;
    *number = 0;
    for (int i = 7; i >= 0; --i) *number = *number << 8 | static_cast<uint8_t>(at_[i]);
    at_ += 8;
    return true;
  }

  bool ReadBytes(std::string_view* bytes) {
    uint64_t size;
    if (!ReadVarint(kSizeBytesMax, &size) || size > Remaining()) return false;
    *bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }

  // Steps over the field whose tag was just read. Groups may nest `depth` deep.
  bool Skip(uint32_t tag, int depth);

 private:
  static constexpr int kTagBytesMax = 5;
  static constexpr int kSizeBytesMax = 5;
  static constexpr int kVarintBytesMax = 10;

  uint64_t Remaining() const { return static_cast<uint64_t>(end_ - at_); }

  bool ReadVarint(int bytes_max, uint64_t* value) {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) {
      *value = static_cast<uint8_t>(*at_++);
      return true;
    }
    if (end_ - at_ >= 2 && static_cast<uint8_t>(at_[1]) < 0x80) {
      *value = static_cast<uint64_t>(at_[0] & 0x7F) | static_cast<uint64_t>(at_[1]) << 7;
      at_ += 2;
      return true;
    }
    return ReadLongVarint(bytes_max, value);
  }
  bool ReadLongVarint(int bytes_max, uint64_t* value);
  bool SkipBytes(uint64_t count);
  bool SkipGroup(uint32_t start_tag, int depth);

  const char* begin_;
  const char* at_;
  const char* end_;
};

}  // namespace rpc::wire
