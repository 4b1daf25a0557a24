// A wait that has no result but whether it was cancelled, and what one awaits to wait so.
//
//     class Sleeping final : public StatusWait { ... void Listen() override; };
//     Operation<Sleeping, Bell*> Wait() { return {this}; }   // absl::Status s = co_await Wait();
//
// Internal. Threads: the loop of the coroutine.
#pragma once

#include <coroutine>
#include <tuple>

#include "absl/status/status.h"
#include "rpc/runtime/scope.h"

namespace rpc::runtime {

class StatusWait : public Wait {
 public:
  bool await_ready() const { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if (!Suspend(coroutine)) return false;
    Listen();
    return true;
  }

  absl::Status await_resume() const {
    return cancelled() ? absl::CancelledError("cancelled while it waited") : absl::OkStatus();
  }

 protected:
  StatusWait() = default;
  ~StatusWait() = default;

 private:
  // The coroutine is suspended: Wake it when what it waits for has happened, or now if it has.
  virtual void Listen() = 0;
};

// What begins a wait each time that it is awaited. It is copied, and owns nothing.
template <typename Awaiter, typename... Arguments>
class [[nodiscard]] Operation {
 public:
  Operation(Arguments... arguments) : arguments_(arguments...) {}
  Awaiter operator co_await() const { return std::make_from_tuple<Awaiter>(arguments_); }

 private:
  std::tuple<Arguments...> arguments_;
};

}  // namespace rpc::runtime
