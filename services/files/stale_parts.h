// Removes what broken transfers have left in a folder when nobody has added to it for long.
//
//     stale_parts.Sweep(folder);     // when a file is about to be written there
//
// A folder that was looked at within the hour, and no other since, is not looked at again: a
// thousand small files do not look a thousand times.
//
// It may block. Threads: any number.
#pragma once

#include <sys/types.h>

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
  bool IsDue(int folder);

  const absl::Duration age_max_;

  std::mutex mutex_;  // guards what follows
  dev_t device_ = 0;
  ino_t folder_ = 0;
  absl::Time swept_at_ = absl::InfinitePast();
};

}  // namespace files
