// Verbs for tests of frames: feed bytes in pieces, collect what comes out.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/frame_encoder.h"

namespace rpc::wire {

// A frame with memory of its own.
struct OwnedFrame {
  std::string record;  // the header, written again in binary
  std::string body;
  Form form;
  BodyCheck check;
  bool dropped;

  friend bool operator==(const OwnedFrame&, const OwnedFrame&) = default;
};

struct Decoded {
  std::vector<OwnedFrame> frames;
  int headers = 0;  // kHeader events
  WireFault fault = WireFault::kNone;
  std::string error;
  std::string end;  // what CheckEnd says, "" when OK
  size_t memory_size_max = 0;
};

struct DecodeOptions {
  DecoderLimits limits = {};
  size_t space_size = 64 << 10;
  // How many bytes the next read brings; at least 1. Default: as many as there are.
  std::function<size_t()> read_size = nullptr;
  // Whether to drop a frame of which only the header is there. Default: never.
  std::function<bool(const Header&)> drop = nullptr;
};

OwnedFrame Own(const Frame& frame);
Decoded Decode(std::string_view bytes, const DecodeOptions& options = {});

// What the encoder gives for one frame.
std::string EncodeFrame(Header header, std::string_view body);
std::string Join(std::span<const Piece> pieces);

}  // namespace rpc::wire
