// The frames that the tests of both directions run through, and bytes that are no frames.
//
//     for (const FrameRow& row : FrameTable()) EXPECT_EQ(Encode(row.header, row.body), row.bytes);
//
// The bytes were not made by the code under test: they are written down, and were checked against
// protobuf's and Python's own encoders. The first rows are the dumps of rpc/PROTOCOL.md, by the
// names that they have there; the first of all is a small unary CALL.
//
// Lifetime: both tables, and what the views in their headers point to, live as long as the program.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/header.h"

namespace rpc::wire {

// A good frame: the encoder turns header and body into exactly these bytes, and the decoder turns
// the bytes into exactly this header and body.
struct FrameRow {
  std::string name;  // letters, digits and hyphens, each name once
  Header header;     // every field, with size and md5
  std::string body;
  std::string bytes;  // length, record and body
};

const std::vector<FrameRow>& FrameTable();

// Bytes from which a decoder with the usual limits ends in `fault`.
struct BadRow {
  std::string name;
  std::string bytes;  // may begin with good frames, and may end before the body
  WireFault fault;
  // A part of the sentence, when all bytes come at once. (Of what is no frame at all, a decoder
  // that is fed byte by byte shows the first byte only.)
  std::string sentence_part;
};

const std::vector<BadRow>& BadTable();

// For GoogleTest's messages.
inline void PrintTo(const FrameRow& row, std::ostream* out) { *out << row.name; }
inline void PrintTo(const BadRow& row, std::ostream* out) { *out << row.name; }

}  // namespace rpc::wire
