// The attempts of one transfer: how far they are, and whether there is another. No IO, no clock.
//
//     Attempts attempts(options, &reached, &transfer);
//     attempts.Begin(size);
//     attempts.GoOnAt(offset);                    // where this one goes on
//     attempts.Move(bytes);
//     std::optional<absl::Duration> pause = attempts.After(status);    // nothing: it has failed
//
// As long as attempts get further it goes on for ever; a number of them in a row that do not is the
// end. Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace files {

struct RetryOptions {
  // In a row, without a byte more; with the pauses below that is half a minute.
  int attempts_max = 10;

  // Between two attempts: doubled each time until one gets further.
  absl::Duration pause_min = absl::Milliseconds(100);
  absl::Duration pause_max = absl::Seconds(5);
};

// How far a transfer is.
struct Transfer {
  uint64_t size = 0;
  uint64_t done = 0;               // bytes of the file that are on the other side, or on the way
  uint64_t offset = 0;             // where the attempt at hand has begun
  uint64_t moved = 0;              // bytes that all attempts have sent or received
  bool checking = false;           // what was there already is being read
  int attempts = 0;                // that have begun
  int interruptions = 0;           // attempts that have failed
  absl::Status interruption = {};  // why the last of them did
  std::string md5 = {};            // at the end
};

// Whether it is the connection that has failed, or the server that went away.
bool IsBreak(const absl::Status& status);

class Attempts {
 public:
  // `*reached`, which other transfers share, says whether the server has ever answered. All of them
  // outlive this.
  Attempts(const RetryOptions& options, bool* reached, Transfer* transfer);

  // Another one, of a file of this size.
  void Begin(uint64_t size);
  // Whether it is to begin at byte 0, whatever there is.
  bool anew() const { return anew_; }

  // The server has answered: the attempt goes on at this byte, when what is before it was checked.
  void GoOnAt(uint64_t offset);
  uint64_t offset() const { return transfer_->offset; }
  void EndCheck() { transfer_->checking = false; }

  void Move(uint64_t bytes);
  void End(const std::string& md5) { transfer_->md5 = md5; }

  // It has ended so: how long until the next; nothing when that would be of no use.
  std::optional<absl::Duration> After(const absl::Status& status);

 private:
  std::optional<absl::Duration> AfterBreak();
  std::optional<absl::Duration> AfterChange();
  std::optional<absl::Duration> AfterMismatch();
  void StartOver();

  const RetryOptions options_;
  bool* const reached_;
  Transfer* const transfer_;
  uint64_t furthest_ = 0;  // offset of an attempt
  int fruitless_ = 0;      // attempts since one got further
  int changes_ = 0;
  bool mismatched_ = false;
  bool anew_ = false;
};

}  // namespace files
