#include "tests/wire/zstd_frames.h"

#include <zstd.h>

#include <algorithm>
#include <memory>

namespace rpc::wire {
namespace {

// The byte that stands for a window.
char WindowByte(int log, int eighths) { return static_cast<char>((log - 10) << 3 | eighths); }

std::string Frame(char descriptor, std::string_view header, std::string_view bytes) {
  std::string frame(kZstdMagic);
  frame += descriptor;
  frame += header;
  frame += RawBlock(bytes);
  return frame;
}

}  // namespace

std::string Streamed(uint64_t size, char byte, const StreamOptions& options) {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, options.announce);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, options.checksum);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, options.window_log);
  if (options.announce) ZSTD_CCtx_setPledgedSrcSize(context.get(), size);
  const std::string part(1 << 20, byte);
  std::string frame;
  std::string room(ZSTD_CStreamOutSize(), '\0');
  while (true) {
    const size_t taken = std::min<uint64_t>(size, part.size());
    size -= taken;
    ZSTD_inBuffer input = {part.data(), taken, 0};
    for (bool done = false; !done;) {
      ZSTD_outBuffer output = {room.data(), room.size(), 0};
      const size_t left = ZSTD_compressStream2(context.get(), &output, &input,
                                               size == 0 ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) return ZSTD_getErrorName(left);
      frame.append(room, 0, output.pos);
      done = size == 0 ? left == 0 : input.pos == input.size;
    }
    if (size == 0) return frame;
  }
}

std::string RawBlock(std::string_view bytes) {
  const uint32_t header = static_cast<uint32_t>(bytes.size()) << 3 | 1;
  std::string block;
  for (int shift : {0, 8, 16}) block += static_cast<char>(header >> shift);
  return block.append(bytes);
}

std::string WindowFrame(int log, int eighths, std::string_view bytes) {
  return Frame('\x00', std::string(1, WindowByte(log, eighths)), bytes);
}

std::string AnnouncedWindowFrame(int log, uint32_t announced, std::string_view bytes) {
  std::string header(1, WindowByte(log, 0));
  for (int shift : {0, 8, 16, 24}) header += static_cast<char>(announced >> shift);
  return Frame('\x80', header, bytes);
}

std::string SingleSegmentFrame(uint8_t announced, std::string_view bytes) {
  return Frame('\x20', std::string(1, static_cast<char>(announced)), bytes);
}

}  // namespace rpc::wire
