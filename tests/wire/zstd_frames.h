// Frames of zstd as writers other than ours make them, good and bad.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rpc::wire {

struct StreamOptions {
  bool announce = false;  // how long the content is
  bool checksum = false;
  int window_log = 0;  // 0: zstd chooses
};

// `size` times `byte`, as zstd's own stream writes it.
std::string Streamed(uint64_t size, char byte, const StreamOptions& options = {});

// The frames below are put together by hand: one uncompressed block behind a header. RFC 8878,
// section 3.1.1.

inline constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";

// The last block of a frame, uncompressed.
std::string RawBlock(std::string_view bytes);

// Asks for a window of 2^log * (1 + eighths / 8) bytes and does not announce its size.
std::string WindowFrame(int log, int eighths, std::string_view bytes);

// Asks for a window of 2^log bytes and announces a size, which may be a lie.
std::string AnnouncedWindowFrame(int log, uint32_t announced, std::string_view bytes);

// Has the announced size for its window.
std::string SingleSegmentFrame(uint8_t announced, std::string_view bytes);

}  // namespace rpc::wire
