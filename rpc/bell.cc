#include "rpc/bell.h"

#include <atomic>
#include <stdexcept>
#include <utility>

namespace rpc {

// Outlives the bell while a ring of another thread is on its way.
struct Bell::State {
  explicit State(net::Loop* its_loop) : loop(its_loop), mailbox(its_loop->mailbox()) {}

  void Tell() {
    if (waiter != nullptr) {
      std::exchange(waiter, nullptr)->Wake();
    } else {
      rung = true;
    }
  }

  net::Loop* const loop;
  const std::shared_ptr<net::Mailbox> mailbox;
  std::atomic<bool> on_its_way = false;
  Awaiter* waiter = nullptr;
  bool rung = false;
};

Bell::Bell() {
  net::Loop* const loop = net::Loop::Current();
  if (loop == nullptr) throw std::logic_error("a bell is made on a thread that has a loop");
  state_ = std::make_shared<State>(loop);
}

Bell::~Bell() = default;

void Bell::Ring() {
  if (state_->loop->IsCurrent()) return state_->Tell();
  if (state_->on_its_way.exchange(true)) return;
  state_->mailbox->Post([state = state_] {
    state->on_its_way.exchange(false);  // what was done before a ring that came in between is seen
    state->Tell();
  });
}

void Bell::Awaiter::Listen() {
  if (state_->waiter != nullptr) throw std::logic_error("two coroutines wait for one bell");
  if (std::exchange(state_->rung, false)) return Wake();
  state_->waiter = this;
}

void Bell::Awaiter::Leave() {
  if (state_->waiter == this) state_->waiter = nullptr;
}

}  // namespace rpc
