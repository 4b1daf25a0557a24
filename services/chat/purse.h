// What a member may still say: it fills up with time, and each text is paid from it.
//
//     Purse purse(10, now);
//     absl::Duration wait = purse.Pay(10, 2, now);     // zero: it has been paid
//
// Threads: one at a time.
#pragma once

#include "absl/time/time.h"

namespace chat {

class Purse {
 public:
  Purse() = default;
  Purse(double texts, absl::Time now) : texts_(texts), counted_at_(now) {}

  // Takes one text out, of at most `texts_max` that come back `texts_per_s` a second. Otherwise how
  // long until there is one.
  absl::Duration Pay(double texts_max, double texts_per_s, absl::Time now);

 private:
  double texts_ = 0;
  absl::Time counted_at_ = absl::InfinitePast();
};

}  // namespace chat
