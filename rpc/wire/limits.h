// The limits that the byte layer keeps to, each with the reason for its value.
//
// Those named Default, and kDrainSizeMax, are where a session or a decoder starts from, and their
// owner may set another; the others are part of the protocol.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rpc::wire {

// What every receiver takes as a header. A HELLO may raise it, never lower it: 64 KiB holds any
// reasonable metadata, and a sender that knows nothing of its peer still knows this much.
inline constexpr uint32_t kHeaderSizeMaxDefault = 65'536;

// What a HELLO may raise it to. Below 2^24 the first byte of every frame is zero, so that no frame
// can be taken for TLS (0x16) or for text, and one port can tell them apart.
inline constexpr uint32_t kHeaderSizeMaxCeiling = (1u << 24) - 1;

// The largest call, size, credit and timeout_us: what a JSON number carries exactly in every
// language. Two such numbers can be added without overflow.
inline constexpr uint64_t kNumberMax = (uint64_t{1} << 53) - 1;

// One message, before and after it is expanded. Large enough for ordinary use; a file belongs in a
// stream.
inline constexpr uint64_t kMessageSizeMaxDefault = 16 << 20;

// A body above its limit is read and dropped, so that the connection lives on; above this it is
// not worth the traffic, and the connection ends.
inline constexpr uint64_t kDrainSizeMax = 1 << 30;

// A body above this goes in parts when the peer said HELLO: long enough that the header costs
// nothing, short enough that a small call waits for microseconds behind a large one.
inline constexpr uint64_t kFrameBodySizeMaxDefault = 65'536;

// Metadata: enough for tracing, authentication and a little more.
inline constexpr size_t kMetadataEntriesMax = 128;
inline constexpr size_t kMetadataKeySizeMax = 128;

// How deep a JSON header may nest. The record itself needs 3; the rest is for unknown members.
inline constexpr int kJsonHeaderDepthMax = 16;

// How deep protobuf groups and messages may nest: protobuf's own limit, so that both agree.
inline constexpr int kHeaderDepthMax = 100;

// 2^23 = 8 MiB: what a zstd stream may ask its receiver to remember.
inline constexpr int kZstdWindowLogMax = 23;

}  // namespace rpc::wire
