#include "rpc/wire/compression.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <optional>

#include "absl/strings/str_cat.h"
#include "rpc/wire/limits.h"

namespace rpc::wire {
namespace {

// On records such as services exchange, 1 KiB to 1 MiB, level 3 takes up to twice the time and the
// memory for at most 7 % fewer bytes; the levels below 1 are faster but leave a fifth more bytes.
constexpr int kLevel = 1;

// 512 KiB, what level 1 chooses by itself. A larger window costs the receiver memory and gains
// nothing at this level.
constexpr int kWindowLog = 19;
static_assert(kWindowLog <= kZstdWindowLogMax);

// The first bytes of a zstd frame. Others are skippable frames and formats of old, which the
// library might read too.
constexpr std::string_view kMagic = "\x28\xB5\x2F\xFD";

// Memory that is taken before anything has come out: this much, or a few times the input.
constexpr uint64_t kFirstRoom = 16 << 10;
constexpr uint64_t kFirstRoomFactor = 4;

constexpr uint64_t kWindowSizeMax = uint64_t{1} << kZstdWindowLogMax;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

// The parameters are right and the output has room: nothing but memory can be missing.
size_t CheckMemory(size_t result) {
  if (ZSTD_isError(result)) throw std::bad_alloc();
  return result;
}

absl::Status NoFrame(std::string_view compressed, std::string_view why) {
  return absl::DataLossError(
      absl::StrCat("compressed message of ", compressed.size(), " bytes ", Absl(why)));
}

absl::Status TooLarge(std::string_view compressed, std::string_view size, uint64_t size_max) {
  return absl::ResourceExhaustedError(absl::StrCat("compressed message of ", compressed.size(),
                                                   " bytes expands to ", Absl(size),
                                                   " the limit of ", size_max, " bytes"));
}

absl::Status Error(std::string_view compressed, size_t result) {
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  return NoFrame(compressed, absl::StrCat("does not expand: ", ZSTD_getErrorName(result)));
}

// The size that the frame announces, if it does.
std::optional<uint64_t> AnnouncedSize(std::string_view frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return std::nullopt;
  return size;
}

// The window that the frame asks its receiver to remember, as RFC 8878 (3.1.1.1) has it. The
// library does not compare it with its limit where it can do without a window. 0 when the header is
// not whole.
uint64_t WindowSize(std::string_view frame) {
  if (frame.size() < kMagic.size() + 2) return 0;
  const uint8_t descriptor = static_cast<uint8_t>(frame[kMagic.size()]);
  const bool single_segment = (descriptor & 0x20) != 0;
  if (single_segment) return AnnouncedSize(frame).value_or(0);
  const uint8_t window = static_cast<uint8_t>(frame[kMagic.size() + 1]);
  const uint64_t base = uint64_t{1} << (10 + (window >> 3));
  return base + base / 8 * (window & 7);
}

// Whether what the frame says of itself can be taken.
absl::Status CheckFrameHeader(std::string_view compressed, uint64_t size_max) {
  if (!compressed.starts_with(kMagic)) return NoFrame(compressed, "is no zstd frame");
  const uint64_t announced = AnnouncedSize(compressed).value_or(0);
  if (announced > size_max) {
    return TooLarge(compressed, absl::StrCat(announced, " bytes, which is above"), size_max);
  }
  if (WindowSize(compressed) > kWindowSizeMax) {
    return NoFrame(compressed, absl::StrCat("asks for a zstd window above the limit of ",
                                            kWindowSizeMax, " bytes"));
  }
  return absl::OkStatus();
}

// The room that is made at first, and next when `room` is full. `expected` is the announced size:
// it saves room, and is never taken on trust.
uint64_t FirstRoom(size_t compressed_size, uint64_t expected) {
  return std::min(expected, std::max(kFirstRoom, kFirstRoomFactor * compressed_size));
}

uint64_t NextRoom(uint64_t room, uint64_t expected, uint64_t room_max) {
  return std::min(room < expected ? expected : room_max, std::max(kFirstRoom, 2 * room));
}

}  // namespace

struct Compressor::State {
  std::unique_ptr<ZSTD_CCtx, FreeContext> context{ZSTD_createCCtx()};
};

Compressor::Compressor() : state_(std::make_unique<State>()) {
  ZSTD_CCtx* context = state_->context.get();
  if (context == nullptr) throw std::bad_alloc();
  CheckMemory(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel));
  CheckMemory(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, kWindowLog));
  CheckMemory(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1));
}

Compressor::~Compressor() = default;

void Compressor::Compress(std::string_view body, std::string* out) {
  // Not straight into *out, which would keep the room that the worst case needs.
  const size_t room = ZSTD_compressBound(body.size());
  const auto frame = std::make_unique_for_overwrite<char[]>(room);
  const size_t size = CheckMemory(
      ZSTD_compress2(state_->context.get(), frame.get(), room, body.data(), body.size()));
  out->append(frame.get(), size);
}

struct Expander::State {
  // As Expander::Expand, but *out is left longer after a failure.
  absl::Status Expand(std::string_view compressed, uint64_t size_max, std::string* out);

  std::unique_ptr<ZSTD_DCtx, FreeContext> context{ZSTD_createDCtx()};
};

absl::Status Expander::State::Expand(std::string_view compressed, uint64_t size_max,
                                     std::string* out) {
  if (absl::Status status = CheckFrameHeader(compressed, size_max); !status.ok()) return status;
  // One byte above the limit shows that there are more than the limit.
  const uint64_t room_max = std::min(size_max, kNumberMax) + 1;
  const uint64_t expected = AnnouncedSize(compressed).value_or(room_max);
  const size_t start = out->size();
  ZSTD_inBuffer input = {compressed.data(), compressed.size(), 0};
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  uint64_t size = 0;
  uint64_t room = FirstRoom(compressed.size(), expected);
  while (true) {
    out->resize(start + room);
    ZSTD_outBuffer output = {out->data() + start, room, size};
    const size_t result = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(result)) return Error(compressed, result);
    size = output.pos;
    if (size > size_max) return TooLarge(compressed, "more than", size_max);
    if (result == 0) break;
    if (size == room) {
      room = NextRoom(room, expected, room_max);
    } else if (input.pos == input.size) {
      return NoFrame(compressed, "ends in the middle of its zstd frame");
    }
  }
  if (input.pos < input.size) {
    return NoFrame(compressed, absl::StrCat("has ", input.size - input.pos,
                                            " bytes after the end of its zstd frame"));
  }
  out->resize(start + size);
  return absl::OkStatus();
}

Expander::Expander() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr) throw std::bad_alloc();
  CheckMemory(
      ZSTD_DCtx_setParameter(state_->context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax));
}

Expander::~Expander() = default;

absl::Status Expander::Expand(std::string_view compressed, uint64_t size_max, std::string* out) {
  const size_t start = out->size();
  absl::Status status = state_->Expand(compressed, size_max, out);
  if (!status.ok()) out->resize(start);
  return status;
}

}  // namespace rpc::wire
