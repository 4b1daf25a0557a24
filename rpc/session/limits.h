// What a session allows its peer and itself: every limit with its default and the reason for it.
//
// The limits of the bytes themselves are in rpc/wire/limits.h.
#pragma once

#include <cstdint>

#include "rpc/wire/limits.h"

namespace rpc::session {

// Times are microseconds of a clock that never goes backwards; its zero does not matter.
using TimeUs = uint64_t;
inline constexpr TimeUs kNever = UINT64_MAX;
inline constexpr TimeUs kSecondUs = 1'000'000;

// The time `duration_us` after another; what takes for ever comes never.
constexpr TimeUs After(TimeUs time_us, TimeUs duration_us) {
  return duration_us < kNever - time_us ? time_us + duration_us : kNever;
}

// What a client may count on before the server's HELLO has come, and so the least that a HELLO may
// announce as call_window and max_frame.
inline constexpr uint64_t kCallWindowMin = 65'536;
inline constexpr uint64_t kFrameBodySizeMin = 65'536;

// What a message-carrying frame costs at least: empty messages are not free.
inline constexpr uint64_t kFrameCreditMin = 64;

// The body of a HELLO: a few numbers and a name.
inline constexpr uint64_t kHelloSizeMax = 65'536;

// The first GOAWAY of a drain: every call that is already on its way is below it.
inline constexpr uint64_t kGoawayAll = wire::kNumberMax;

// A peer whose silence has lasted too long is looked at a second time, so much later, before the
// connection ends: if it was this side that stood still, it has read by then what had come.
inline constexpr TimeUs kSecondLookUs = kSecondUs / 10;

// Of one connection, for who has not said otherwise.
inline constexpr uint64_t kCallsMaxDefault = 1'024;

struct Limits {
  // One message, before and after it is expanded.
  uint64_t message_size_max = wire::kMessageSizeMaxDefault;

  // One header record; a HELLO announces more than 64 KiB only.
  uint32_t header_size_max = wire::kHeaderSizeMaxDefault;

  // One body: a longer message comes in parts, with frames of other calls between them.
  uint64_t frame_body_size_max = wire::kFrameBodySizeMaxDefault;

  // Body bytes that a call may send before it is granted more: covers 2 Gbit/s at 1 ms.
  uint64_t call_window = 256 << 10;

  // What a window grows to while its reader keeps up: 16 times, for long and fast paths.
  uint64_t call_window_max = 4 << 20;

  // Calls of one connection, counted until their handlers have ended.
  uint64_t calls_max = kCallsMaxDefault;

  // Held for the peer of one connection: parts of messages, messages that wait for the application,
  // metadata, and messages that wait for the peer's credit, until their last part is in the
  // output. Four messages of the largest size. Bytes are counted; the memory for them is up to four
  // times that.
  uint64_t memory_size_max = 64 << 20;

  // Bytes that could be written at once. Four bodies of the usual largest size: enough to fill a
  // gathered write, little enough that a small call waits behind few others.
  uint64_t output_size_max = 256 << 10;

  // Silence after which the peer is pinged, and silence after that which means that it is dead. The
  // first alone, where it says no HELLO and is within a frame, or takes no byte.
  TimeUs keepalive_idle_us = 30 * kSecondUs;
  TimeUs keepalive_timeout_us = 10 * kSecondUs;

  // The least time between two PINGs of ours, and between two PONGs: a peer that pings faster is
  // answered once for all of them.
  TimeUs ping_interval_us = kSecondUs;
  TimeUs pong_interval_us = kSecondUs / 10;

  // For a connection's first header to be whole, and all of it when it is a HELLO.
  TimeUs first_header_timeout_us = 10 * kSecondUs;

  // Without an open call for this long a server drains the connection, and a client shuts it down.
  // PINGs are no use of it.
  TimeUs idle_timeout_us = kNever;

  // A server drains a connection that has become so old; calls that are open then may go on for
  // the grace, and are cancelled. (Connections that began together would end together: whoever sets
  // it varies it.)
  TimeUs age_max_us = kNever;
  TimeUs age_grace_us = kNever;

  // Between the two GOAWAYs of a drain, when the PONG does not come.
  TimeUs drain_round_us = kSecondUs;

  // Bodies may come without md5 (where TLS protects them, say).
  bool md5_waived = false;

  // Whether bodies compressed with zstd are taken.
  bool zstd = true;

  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace rpc::session
