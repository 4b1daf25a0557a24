// When the bytes of a transfer have last moved, and its end when they do not for too long: a peer
// that is silent, or takes nothing, holds a file open.
//
//     Movement movement;
//     rpc::Task<> sending = Send(..., movement);
//     absl::Status status = co_await EndWhenIdle(std::move(sending), movement, timeout);
//
//     { const Movement::Work work(&movement); ... }    // in Send: this side works, nobody is late
//     movement.Allow(time);                            // the peer has so much to do first
//
// Threads: one loop. Lifetime: it outlives the coroutines that it is given to.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"

namespace files {

class Movement {
 public:
  // From its beginning to its end it is not the peer that is waited for; what follows counts anew.
  class Work {
   public:
    explicit Work(Movement* movement) : movement_(movement) { movement_->working_ = true; }
    ~Work() {
      movement_->working_ = false;
      movement_->last_ = Clock::now();
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

   private:
    Movement* const movement_;
  };

  // As if the last byte moved so much later.
  void Allow(absl::Duration time) { last_ += absl::ToChronoNanoseconds(time); }

  // For how long the peer has been waited for.
  absl::Duration idle() const;

 private:
  // Not the time of day, which may be set.
  using Clock = std::chrono::steady_clock;

  Clock::time_point last_ = Clock::now();
  bool working_ = false;
};

// How the transfer ends; UNAVAILABLE when nothing moves for `timeout`: it is cancelled then.
rpc::Task<> EndWhenIdle(rpc::Task<> transfer, const Movement& movement, absl::Duration timeout);

}  // namespace files
