// Something that happens on one thread and is awaited on another.
//
//     Event waiting;
//     ... waiting.Happen();                    // on a loop
//     EXPECT_TRUE(waiting.Comes());            // in the test: false when it does not come
//
// Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace rpc {

class Event {
 public:
  void Happen() {
    std::lock_guard lock(mutex_);
    ++times_;
    changed_.notify_all();
  }

  // Waits until it has happened so often. What comes at all comes much sooner than the limit.
  [[nodiscard]] bool Comes(int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return times_ >= times; });
  }

  int times() {
    std::lock_guard lock(mutex_);
    return times_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int times_ = 0;  // guarded by the mutex
};

}  // namespace rpc
