#include "rpc/sleep.h"

#include <algorithm>

namespace rpc {

void Sleep::Awaiter::Begin(net::Loop* loop) {
  const auto us = static_cast<net::TimeUs>(std::max<int64_t>(0, ToInt64Microseconds(duration_)));
  // A timer that is due already would go off before libuv looks for input.
  if (us == 0) return Wake();
  // Not the beginning of the turn, which may be long ago: it is not to be shorter than was asked.
  const net::TimeUs now_us = net::ClockUs();
  loop->SetTimer(this, us >= net::kNever - now_us ? net::kNever : now_us + us);
}

}  // namespace rpc
