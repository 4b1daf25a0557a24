// The constants of the wire format: what the bytes of a frame mean.
//
//     +------------------+---------------------------+----------------------+
//     | header length    | header record             | body                 |
//     | 4 bytes, big end | `header length` bytes     | `header.size` bytes  |
//     +------------------+---------------------------+----------------------+
//
// rpc/PROTOCOL.md explains each of them; rpc/wire/header.proto is the same record as protobuf sees
// it. A number here never changes: a new meaning gets a new number and a new protocol version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rpc::wire {

inline constexpr uint32_t kProtocolVersion = 1;

// The big-endian length that every frame begins with.
inline constexpr size_t kLengthBytes = 4;

inline constexpr size_t kMd5Bytes = 16;

// A header record whose first byte is this one is written in JSON. In protobuf the byte would open
// a group numbered 15, and field 15 is reserved for ever.
inline constexpr char kJsonFirstByte = '{';

// A header record is binary protobuf, or the same record as JSON; the body follows its header.
enum class Form : uint8_t { kBinary, kJson };

// What a frame is. Numbers outside this list can arrive: see IsKnown and MayBeSkipped.
enum class Kind : int32_t {
  kCall = 0,
  kMessage = 1,
  kEnd = 2,
  kCancel = 3,
  kCredit = 4,
  kPing = 5,
  kPong = 6,
  kGoaway = 7,
  kHello = 8,
};

// A kind of this number or above comes from a later version that lets us read past it.
inline constexpr int32_t kFirstSkippableKind = 64;

// What an unknown word stands for where a JSON header names its kind: unknown, not skippable.
inline constexpr Kind kUnknownKindWord = Kind{63};

constexpr bool IsKnown(Kind kind) { return kind >= Kind::kCall && kind <= Kind::kHello; }
constexpr bool MayBeSkipped(Kind kind) { return static_cast<int32_t>(kind) >= kFirstSkippableKind; }

// How the bytes of a body are compressed.
enum class Encoding : int32_t { kIdentity = 0, kZstd = 1 };

// What an unknown word stands for where a JSON header names its encoding.
inline constexpr Encoding kUnknownEncodingWord = Encoding{-1};

// Bits of the header's `flags`; the others are ignored.
inline constexpr uint32_t kFlagLast = 1;    // the client sends no more messages on this call
inline constexpr uint32_t kFlagMore = 2;    // the next message-carrying frame continues this body
inline constexpr uint32_t kFlagBare = 4;    // the frame carries no message
inline constexpr uint32_t kFlagUnseen = 8;  // no handler saw this call: it is safe to try again

// The values of a metadata key that ends so are any bytes (in JSON: in base64); those of any other
// key are printable ASCII.
inline constexpr std::string_view kBinaryKeyEnd = "-bin";

// Field numbers of the header record.
inline constexpr uint32_t kFieldMd5 = 1;
inline constexpr uint32_t kFieldName = 2;
inline constexpr uint32_t kFieldSize = 3;
inline constexpr uint32_t kFieldKind = 4;
inline constexpr uint32_t kFieldCall = 5;
inline constexpr uint32_t kFieldFlags = 6;
inline constexpr uint32_t kFieldTimeoutUs = 7;
inline constexpr uint32_t kFieldCode = 8;
inline constexpr uint32_t kFieldMessage = 9;
inline constexpr uint32_t kFieldMetadata = 10;
inline constexpr uint32_t kFieldDetails = 11;
inline constexpr uint32_t kFieldCredit = 12;
inline constexpr uint32_t kFieldEncoding = 13;
inline constexpr uint32_t kFieldSession = 14;
inline constexpr uint32_t kFieldReserved = 15;
inline constexpr uint32_t kFieldPadding = 16;

}  // namespace rpc::wire
