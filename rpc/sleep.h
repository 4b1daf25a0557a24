// co_await rpc::Sleep(absl::Milliseconds(50)): OK when the time has passed, CANCELLED when the call
// that the coroutine serves is over before. No time at all lets others that are ready go first.
#pragma once

#include <coroutine>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/net/loop.h"
#include "rpc/runtime/scope.h"

namespace rpc {

class [[nodiscard]] Sleep {
 public:
  explicit Sleep(absl::Duration duration) : duration_(duration) {}

  class Awaiter final : public runtime::Wait, private net::Timer {
   public:
    explicit Awaiter(absl::Duration duration) : duration_(duration) {}

    bool await_ready() const { return false; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> coroutine) {
      if (!Suspend(coroutine)) return false;
      Begin(coroutine.promise().scope->loop());
      return true;
    }

    absl::Status await_resume() const {
      return cancelled() ? absl::CancelledError("cancelled while asleep") : absl::OkStatus();
    }

   private:
    void Begin(net::Loop* loop);
    void OnTime() override { Wake(); }

    absl::Duration duration_;
  };

  Awaiter operator co_await() const { return Awaiter(duration_); }

 private:
  absl::Duration duration_;
};

}  // namespace rpc
