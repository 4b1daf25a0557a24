// The binary form of the header record: a small protobuf encoder and decoder for this one message.
//
// It agrees with the class that protoc generates from header.proto on every input: what one accepts
// the other accepts, with the same fields, and both write the same bytes. A differential fuzz test
// (tests/fuzz/header_fuzz.cc) holds them together. It exists because it allocates nothing (the
// strings of a decoded Header are views) and takes half the time or less.
//
// No state and no threads: any two calls may run side by side.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "rpc/wire/header.h"

namespace rpc::wire {

// Reads `record` into *header, whose strings then point into `record`. Unknown fields are skipped;
// of a repeated scalar the last counts. The numbers are not checked against kNumberMax.
// Fails with INVALID_ARGUMENT and a sentence when `record` is not valid protobuf, or a string field
// is not UTF-8; *header is then unspecified.
absl::Status DecodeHeader(std::string_view record, Header* header);

// Bytes that EncodeHeader writes.
size_t EncodedHeaderSize(const Header& header);

// Writes *header as protobuf to `out`, where EncodedHeaderSize(header) bytes have room, and returns
// the end. Strings are written as they are: the caller sees to it that they are UTF-8.
// With an md5 of 16 bytes, these stand at out + kBinaryMd5Offset.
char* EncodeHeader(const Header& header, char* out);

inline constexpr size_t kBinaryMd5Offset = 2;

}  // namespace rpc::wire
