#include "tests/wire/frame_fixture.h"

#include <algorithm>
#include <cstring>

#include "rpc/wire/header_codec.h"

namespace rpc::wire {
namespace {

// Reads every event of a batch; false after an error.
bool Drain(FrameDecoder& decoder, const DecodeOptions& options, Decoded* decoded) {
  for (const Frame* frame;;) {
    switch (decoder.Next(&frame)) {
      case FrameDecoder::kFrame:
        decoded->frames.push_back(Own(*frame));
        break;
      case FrameDecoder::kHeader:
        ++decoded->headers;
        if (options.drop && options.drop(frame->header)) decoder.Drop();
        break;
      case FrameDecoder::kNeedMore:
        return true;
      case FrameDecoder::kError:
        return false;
    }
  }
}

}  // namespace

OwnedFrame Own(const Frame& frame) {
  std::string record(EncodedHeaderSize(frame.header), '\0');
  EncodeHeader(frame.header, record.data());
  return {record, std::string(frame.body), frame.header.form, frame.check, frame.dropped};
}

Decoded Decode(std::string_view bytes, const DecodeOptions& options) {
  DecodeBuffers buffers(options.space_size);
  FrameDecoder decoder(&buffers, options.limits);
  Decoded decoded;
  while (!bytes.empty()) {
    const std::span<char> space = decoder.Space();
    size_t size = std::min(bytes.size(), space.size());
    if (options.read_size) size = std::min(size, options.read_size());
    std::memcpy(space.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    decoder.Commit(size);
    if (!Drain(decoder, options, &decoded)) break;
    decoded.memory_size_max = std::max(decoded.memory_size_max, decoder.memory_size());
  }
  decoded.fault = decoder.fault();
  decoded.error = std::string(decoder.error().message());
  decoded.end = std::string(decoder.CheckEnd().message());
  return decoded;
}

std::string EncodeFrame(Header header, std::string_view body) {
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  encoder.Append(header, body);
  return Join(encoder.Pieces());
}

std::string Join(std::span<const Piece> pieces) {
  std::string bytes;
  for (const Piece& piece : pieces) bytes += piece.bytes;
  return bytes;
}

}  // namespace rpc::wire
