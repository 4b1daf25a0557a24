// The words in which the tables of frames are written.
//
//     Row("credit", {.kind = Kind::kCredit, .call = 5, .credit = 131'072},
//         "00 00 00 08  20 04  28 05  60 80 80 08")
//
// Tests that only run through the tables include frame_table.h instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rpc/wire/frame_format.h"
#include "tests/wire/frame_table.h"

namespace rpc::wire {

// Bytes written down: pairs of hex digits, and text in single quotes. Blanks between them mean
// nothing. Anything else ends the program.
std::string Bytes(std::string_view notation);

// The fields of a header, each with a default, so that a row names only those that it sets.
struct Fields {
  Kind kind = Kind::kCall;
  uint64_t call = 0;
  uint32_t flags = 0;
  std::string name = {};
  uint64_t timeout_us = 0;
  uint32_t code = 0;
  std::string message = {};
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::vector<std::pair<std::string, std::string>> details = {};
  uint64_t credit = 0;
  Encoding encoding = Encoding::kIdentity;
  uint64_t session = 0;
  std::string padding = {};
  std::string md5 = {};  // 32 hex digits
};

// A frame whose length and record are `head`, in the notation of Bytes.
FrameRow Row(std::string name, const Fields& fields, std::string_view head, std::string body = "");

// A frame whose length is `length`, in the notation of Bytes, and whose record is `record` as it
// is.
FrameRow JsonRow(std::string name, const Fields& fields, std::string_view length,
                 std::string_view record, std::string body = "");

// All rows of `groups`, in their order.
std::vector<FrameRow> Joined(std::vector<std::vector<FrameRow>> groups);

// The frames that rpc/PROTOCOL.md shows.
std::vector<FrameRow> DocumentFrames();

// Frames at the borders: the smallest, the largest, the empty, the strange.
std::vector<FrameRow> EdgeFrames();

}  // namespace rpc::wire
