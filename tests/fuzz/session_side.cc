#include "tests/fuzz/session_side.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "absl/status/status.h"

namespace rpc::session {

Limits SessionSide::ChooseLimits(Choices& choices) {
  const uint8_t bits = choices.Byte();
  Limits limits;
  limits.md5_waived = (bits & 1) != 0;
  limits.zstd = (bits & 2) != 0;
  if (bits & 4) limits.call_window = limits.call_window_max = kCallWindowMin;
  if (bits & 8) limits.memory_size_max = 200'000;
  if (bits & 16) limits.message_size_max = 80'000;
  if (bits & 32) limits.calls_max = 2;
  if (bits & 64) limits.output_size_max = 1'000;
  if (bits & 128) {
    limits.idle_timeout_us = kSecondUs;
    limits.age_max_us = 20 * kSecondUs;
    limits.age_grace_us = 5 * kSecondUs;
  }
  return limits;
}

void SessionSide::Feed(std::string_view bytes) {
  pending_ += bytes;
  Turn();
}

void SessionSide::Turn() {
  session().Advance(now_us_);
  Listen();
  while (!pending_.empty() && session().WantsInput()) {
    const std::span<char> space = session().Space();
    const size_t size = std::min(space.size(), pending_.size());
    std::memcpy(space.data(), pending_.data(), size);
    session().Commit(size);
    pending_.erase(0, size);
    Listen();
  }
  session().CheckInvariants();
}

void SessionSide::Listen() {
  for (Event event; session().Next(&event);) {
    // What waits to be read may come before the END of its call.
    Require(!closed_ || event.kind == EventKind::kEnd, "a closed connection has more to tell");
    if (event.kind == EventKind::kClosed) {
      Require(over(), "closed, but it does not end");
      closed_ = true;
    }
    OnEvent(event);
  }
}

std::string SessionSide::Take(size_t size_max) {
  std::string taken;
  while (taken.size() < size_max) {
    const std::span<const wire::Piece> pieces = session().Pieces();
    if (pieces.empty()) break;
    const std::string_view part = pieces[0].bytes.substr(0, size_max - taken.size());
    taken += part;
    session().Consume(part.size());
  }
  Turn();
  return taken;
}

void SessionSide::Wait(TimeUs duration_us) {
  now_us_ += duration_us;
  Turn();
}

TimeUs SessionSide::ChooseWait(Choices& choices) {
  constexpr TimeUs kWaits[] = {1, 1'000, 100'000, kSecondUs, 11 * kSecondUs, 60 * kSecondUs};
  return kWaits[choices.UpTo(5)];
}

void SessionSide::EndInput() {
  session().InputEnded();
  Turn();
}

void SessionSide::Break(Choices& choices) {
  const absl::Status why = absl::UnavailableError("broken");
  switch (choices.UpTo(3)) {
    case 0:
      session().InputEnded();
      break;
    case 1:
      session().InputEnded(why);
      break;
    case 2:
      session().OutputFailed(why);
      break;
    case 3:
      session().Abandon(why);
      break;
  }
  Turn();
}

void SessionSide::ReadAll(uint64_t call) {
  std::string_view message;
  while (session().Read(call, &message) == ReadResult::kMessage) OnMessage(call, message);
}

void SessionSide::Finish() {
  EndInput();
  Settle();
  Require(idle(), "a call has not ended with its connection");
  Require(over(), "the connection does not end");
  Require(session().open_calls() == 0, "a call is left in the end");
  Require(session().memory_size() == 0, "memory is left in the end");
  session().CheckInvariants();
}

}  // namespace rpc::session
