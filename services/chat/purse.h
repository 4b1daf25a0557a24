// What a member may still say: it fills up with time, and each text is paid from it.
//
//     Purse purse(10, now);
//     absl::Duration wait = purse.Pay(10, 2, now);     // zero: it has been paid
//     return WithWait(absl::ResourceExhaustedError("too fast"), wait);
//
// Threads: one at a time.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace chat {

class Purse {
 public:
  Purse() = default;
  Purse(double texts, absl::Time now) : texts_(texts), counted_at_(now) {}

  // Takes one text out, of at most `texts_max` that come back `texts_per_s` a second. Otherwise how
  // long until there is one.
  absl::Duration Pay(double texts_max, double texts_per_s, absl::Time now);

  // It is worth no more than a new one.
  bool IsFull(double texts_max, double texts_per_s, absl::Time now) const;

 private:
  void Fill(double texts_max, double texts_per_s, absl::Time now);

  double texts_ = 0;
  absl::Time counted_at_ = absl::InfinitePast();
};

// The error, and after how long the same would be taken.
absl::Status WithWait(absl::Status status, absl::Duration wait);
// In milliseconds, rounded up; 0: waiting does not help.
uint32_t WaitMsOf(const absl::Status& status);

}  // namespace chat
