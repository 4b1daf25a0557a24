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
// Wait at a time; a second one throws std::logic_error. Lifetime: whoever rings sees to it that the
// bell is still there.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "rpc/net/loop.h"
#include "rpc/runtime/status_wait.h"

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

  class Awaiter final : public runtime::StatusWait {
   public:
    explicit Awaiter(State* state) : state_(state) {}
    ~Awaiter() { Leave(); }

   private:
    void Listen() override;
    void Leave();
    void OnGivenUp() override { Leave(); }

    State* const state_;
  };

  // OK when it was rung; CANCELLED when the call that the coroutine serves is over before.
  runtime::Operation<Awaiter, State*> Wait() { return {state_.get()}; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace rpc
