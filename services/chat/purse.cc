#include "services/chat/purse.h"

#include <algorithm>

namespace chat {

absl::Duration Purse::Pay(double texts_max, double texts_per_s, absl::Time now) {
  // A clock that was set back gives nothing, and takes nothing.
  const double passed_s = std::max(0.0, absl::ToDoubleSeconds(now - counted_at_));
  texts_ = std::min(texts_max, texts_ + passed_s * texts_per_s);
  counted_at_ = now;
  if (texts_ < 1) return absl::Seconds((1 - texts_) / texts_per_s);
  texts_ -= 1;
  return absl::ZeroDuration();
}

}  // namespace chat
