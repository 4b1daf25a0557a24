// Durations of the options as the loops count them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "rpc/net/loop.h"

namespace rpc::runtime {

// What is negative is nothing; InfiniteDuration is kNever.
inline net::TimeUs ToUs(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return net::kNever;
  return static_cast<net::TimeUs>(std::max<int64_t>(0, absl::ToInt64Microseconds(duration)));
}

// Of a time after which something ends: with zero it would never begin.
inline net::TimeUs LimitUs(absl::Duration limit) {
  return limit <= absl::ZeroDuration() ? net::kNever : ToUs(limit);
}

}  // namespace rpc::runtime
