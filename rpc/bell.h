// Tells a coroutine that something has happened elsewhere.
//
//     rpc::Bell bell;                                       // on the loop of who waits
//     while (queue.empty()) {
//       absl::Status rung = co_await bell.Wait();           // CANCELLED: the call is over
//       if (!rung.ok()) co_return rung;
//     }
//     bell.Ring();                                          // from any thread
//
// A ring is heard by one Wait: by the one that waits, else by the next. Rings that nobody has heard
// yet are heard as one; so who waits looks again at what it waits for.
//
// Threads: Ring may be called by any; the rest belongs to the loop on which the bell was made. One
// Wait at a time. Lifetime: whoever rings sees to it that the bell is still there.
#pragma once

#include <coroutine>
#include <memory>
#include <stdexcept>

#include "absl/status/status.h"
#include "rpc/net/loop.h"
#include "rpc/runtime/scope.h"

namespace rpc {

class Bell {
  struct State;

 public:
  // Throws std::logic_error on a thread without a loop.
  Bell();
  ~Bell();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  void Ring();

  class Awaiter final : public runtime::Wait {
   public:
    explicit Awaiter(State* state) : state_(state) {}
    ~Awaiter() { Leave(); }

    bool await_ready() const {
      if (IsAwaited()) throw std::logic_error("two coroutines wait for one bell");
      return false;
    }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> coroutine) {
      if (!Suspend(coroutine)) return false;
      Listen();
      return true;
    }

    absl::Status await_resume() const {
      return cancelled() ? absl::CancelledError("cancelled while it waited") : absl::OkStatus();
    }

   private:
    bool IsAwaited() const;
    void Listen();
    void Leave();
    void OnGivenUp() override { Leave(); }

    State* state_;
  };

  class [[nodiscard]] Operation {
   public:
    explicit Operation(State* state) : state_(state) {}
    Awaiter operator co_await() const { return Awaiter(state_); }

   private:
    State* state_;
  };

  // OK when it was rung; CANCELLED when the call that the coroutine serves is over before.
  Operation Wait() { return Operation(state_.get()); }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace rpc
