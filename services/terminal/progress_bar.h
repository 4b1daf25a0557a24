// One line that says how far something is, such as a file that is being copied. No IO, no clock.
//
//     ProgressBar bar("big.iso", total);
//     bar.Update(done, elapsed);                  // now and then
//     screen.ShowStatus(bar.Text(columns));       // at a terminal
//     log << bar.Begin(); ... log << bar.End();   // elsewhere: one line each
//
//     big.iso  [=========>          ]  47%  470.0/1000.0 MiB  92.1 MiB/s  0:06 left
//
// The rate is that of the last seconds. What does not fit goes, the least important first.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace terminal {

// 999 B, 1.5 KiB, 12.0 MiB.
std::string SizeText(uint64_t bytes);
// 0:07, 12:34, 1:02:03, 4 days.
std::string TimeText(absl::Duration duration);

class ProgressBar {
 public:
  // Without a total there is no bar, no percentage and no time left. `done_before` were there at
  // the beginning (a copy that is resumed): they count as done, not for the rate.
  explicit ProgressBar(std::string name, std::optional<uint64_t> total = std::nullopt,
                       uint64_t done_before = 0);

  // So many bytes are done, so long after the beginning. Neither goes backwards.
  void Update(uint64_t done, absl::Duration elapsed);

  // Of at most columns - 1 columns; the name is made harmless.
  std::string Text(size_t columns) const;

  // With their line feeds: `big.iso: 1000.0 MiB`, and `big.iso: 1000.0 MiB in 0:11, 90.9 MiB/s`.
  std::string Begin() const;
  std::string End() const;

  // Bytes a second, of the last seconds; 0 when nothing is known.
  double rate() const { return rate_; }

 private:
  bool IsDone() const;
  double Share() const;  // from 0 to 1. REQUIRES: there is a total.
  double MeanRate() const;
  std::string Bar(size_t room, size_t name_columns, size_t left) const;
  std::string Percent() const;
  std::string Sizes() const;
  std::string Rate() const;
  std::string Time() const;

  std::string name_;
  std::optional<uint64_t> total_;
  uint64_t done_before_;
  uint64_t done_;
  absl::Duration elapsed_ = absl::ZeroDuration();
  uint64_t sampled_done_;  // when the rate was last looked at
  absl::Duration sampled_elapsed_ = absl::ZeroDuration();
  double rate_ = 0;
};

}  // namespace terminal
