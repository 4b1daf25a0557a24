// Removes what broken transfers have left in a folder when nobody has added to it for long.
//
//     stale_parts.Sweep(folder);     // when a file is about to be written there
//
// What counts is when a part itself changed last, which nobody can set, and not the time that it is
// given for its file: one that is being written is never stale. Of the last 256 folders one that
// was looked at within the hour is not looked at again: a thousand small files do not look a
// thousand times.
//
// It may block. Threads: any number.
#pragma once

#include <sys/types.h>

#include <deque>
#include <mutex>

#include "absl/time/time.h"

namespace files {

// Time for somebody to come back after a week off.
inline constexpr absl::Duration kPartAgeMax = absl::Hours(24 * 10);

class StaleParts {
 public:
  explicit StaleParts(absl::Duration age_max = kPartAgeMax) : age_max_(age_max) {}

  void Sweep(int folder);

 private:
  struct Swept {
    dev_t device = 0;
    ino_t folder = 0;
    absl::Time at = {};
  };

  bool IsDue(int folder);

  const absl::Duration age_max_;

  std::mutex mutex_;         // guards what follows
  std::deque<Swept> swept_;  // the oldest first, each folder once
};

}  // namespace files
