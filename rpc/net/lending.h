// A loop with a thread of its own that others may turn for a while.
//
// A thread that waits for a call on such a loop would be woken by the loop's thread, which was
// woken by the system: two switches where one is enough. So it borrows the loop, and turns it
// itself until its call has ended. The loop's own thread stands by meanwhile: it takes the loop
// back as soon as something else is to be done on it, and in any case when nobody has borrowed it
// for a while.
//
//     if (!lending->Turn(work)) loop->Post(work);       // in a turn, here and now
//     if (!lending->TurnUntil(done)) done.wait(false);  // until somebody has set it
//
// Threads: Turn and TurnUntil may be called by any that has no loop; they tell at once when the
// loop is not to be had. Only one thread at a time is within the loop, and what one has done there
// is seen by the next.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace rpc::net {

class Loop;

class Lending {
 public:
  explicit Lending(Loop* loop) : loop_(loop) {}
  Lending(const Lending&) = delete;
  Lending& operator=(const Lending&) = delete;

  // The loop's own thread: turns it, or stands by, until the loop is stopped.
  void Run();

  // What runs on the loop meanwhile throws nothing: nobody would know what has become of it.
  bool Turn(const std::function<void()>& work) noexcept;
  bool TurnUntil(const std::atomic<bool>& done) noexcept;

  // Something was posted to the loop: somebody has to look.
  void OnPost() {
    if (!turned_.load()) TakeBack();
  }

 private:
  // How long the loop's thread stands by when nobody borrows the loop: longer than a program thinks
  // between two calls, shorter than anybody would notice.
  static constexpr auto kStandBy = std::chrono::milliseconds(1);

  bool Borrow();
  void Return(bool needed);
  void TakeBack();
  void StandBy();

  Loop* const loop_;
  std::mutex within_;                // held by whoever is within the loop
  std::atomic<bool> turned_{true};   // somebody is; posted work is looked at
  std::atomic<bool> wanted_{false};  // by a thread that had to wait for its call
  std::atomic<uint32_t> waits_{0};   // of borrowers

  std::mutex mutex_;
  std::condition_variable wake_;
  bool take_back_ = false;  // guarded by the mutex
};

}  // namespace rpc::net
