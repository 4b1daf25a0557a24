#include "rpc/net/lending.h"

#include "rpc/net/loop.h"

namespace rpc::net {

void Lending::Run() {
  while (!loop_->stopped()) {
    {
      std::lock_guard lock(within_);
      turned_ = true;
      const Loop::Adoption adoption(loop_);
      while (!loop_->stopped() && !(wanted_ && loop_->quiet())) loop_->RunOnce();
      wanted_ = false;
      turned_ = false;
    }
    // What was posted meanwhile relied on this thread.
    if (!loop_->stopped() && !loop_->has_mail()) StandBy();
  }
  // Whoever is within the loop leaves it, and nobody enters it any more.
  std::lock_guard lock(within_);
}

bool Lending::Borrow() {
  if (Loop::Current() != nullptr || !within_.try_lock()) return false;
  if (!loop_->stopped()) {
    turned_ = true;
    return true;
  }
  within_.unlock();
  return false;
}

// `needed`: there is something to be done on the loop, and not by this thread.
void Lending::Return(bool needed) {
  turned_ = false;
  if (needed || loop_->has_mail()) TakeBack();
  within_.unlock();  // the last: the loop may end now
}

bool Lending::Turn(const std::function<void()>& work) noexcept {
  if (!Borrow()) return false;
  {
    const Loop::Adoption adoption(loop_);
    const Loop::Turn turn(loop_);
    work();
  }
  // The caller is about to wait for what it has begun; if it does not, the loop is taken back soon.
  Return(false);
  return true;
}

bool Lending::TurnUntil(const std::atomic<bool>& done) noexcept {
  if (!Borrow()) {
    wanted_ = true;
    return false;
  }
  {
    const Loop::Adoption adoption(loop_);
    while (!done.load(std::memory_order_acquire) && !loop_->stopped()) loop_->RunOnce();
  }
  waits_.fetch_add(1, std::memory_order_relaxed);
  Return(!loop_->quiet());
  return done.load(std::memory_order_acquire);
}

void Lending::TakeBack() {
  std::lock_guard lock(mutex_);
  take_back_ = true;
  wake_.notify_one();
}

void Lending::StandBy() {
  uint32_t seen = waits_.load(std::memory_order_relaxed);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kStandBy, [this] { return take_back_; })) {
    const uint32_t now = waits_.load(std::memory_order_relaxed);
    if (now == seen) break;
    seen = now;
  }
  take_back_ = false;
}

}  // namespace rpc::net
