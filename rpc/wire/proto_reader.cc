#include "rpc/wire/proto_reader.h"

#include <climits>
#include <cstring>

namespace rpc::wire {

namespace {

// The low seven bits of each byte, joined.
uint64_t Joined(uint64_t bytes) {
  bytes = (bytes & 0x007F007F007F007F) | (bytes & 0x7F007F007F007F00) >> 1;
  bytes = (bytes & 0x00003FFF00003FFF) | (bytes & 0x3FFF00003FFF0000) >> 2;
  return (bytes & 0x000000000FFFFFFF) | (bytes & 0x0FFFFFFF00000000) >> 4;
}

}  // namespace

bool ProtoReader::ReadLongVarint(int bytes_max, uint64_t* value) {
  if (end_ - at_ >= 8) {
    uint64_t bytes;
    std::memcpy(&bytes, at_, sizeof bytes);
    const uint64_t ends = ~bytes & 0x8080808080808080;
    const int size = ends == 0 ? INT_MAX : __builtin_ctzll(ends) / 8 + 1;
    if (size <= bytes_max) {
      at_ += size;
      *value = Joined(bytes & (ends ^ (ends - 1)));
      return true;
    }
  }
  uint64_t result = 0;
  for (int i = 0; i < bytes_max; ++i) {
    if (at_ == end_) return false;
    const uint8_t byte = static_cast<uint8_t>(*at_++);
    result |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      *value = result;
      return true;
    }
  }
  return false;
}

bool ProtoReader::SkipBytes(uint64_t count) {
  if (count > Remaining()) return false;
  at_ += count;
  return true;
}

bool ProtoReader::Skip(uint32_t tag, int depth) {
  if (tag >> 3 == 0) return false;
  uint64_t number;
  std::string_view bytes;
  switch (static_cast<WireType>(tag & 7)) {
    case WireType::kVarint:
      return ReadNumber(&number);
    case WireType::kFixed64:
      return SkipBytes(8);
    case WireType::kBytes:
      return ReadBytes(&bytes);
    case WireType::kGroupStart:
      return SkipGroup(tag, depth);
    case WireType::kGroupEnd:
      return false;
    case WireType::kFixed32:
      return SkipBytes(4);
  }
  return false;
}

bool ProtoReader::SkipGroup(uint32_t start_tag, int depth) {
  if (depth == 0) return false;
  const uint32_t end_tag = start_tag + 1;
  for (uint32_t tag; ReadTag(&tag);) {
    if (tag == end_tag) return true;
    if (!Skip(tag, depth - 1)) return false;
  }
  return false;
}

}  // namespace rpc::wire
