// Coroutines run by hand: a test decides when each wait ends, and where a coroutine is destroyed.
//
//     net::Loop loop;
//     HandRun<int> run(&loop, Twice(4));      // to its first wait, a Pause
//     while (Pause::EndOne(&loop)) continue;  // from wait to wait
//     EXPECT_EQ(run.Take(), 8);
//
// Threads: one.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "rpc/net/loop.h"
#include "rpc/runtime/root.h"
#include "rpc/runtime/scope.h"
#include "rpc/task.h"

namespace rpc {

// co_await Pause(): until a test ends it. False when it was cancelled.
class Pause final : public runtime::Wait {
 public:
  Pause() = default;
  ~Pause() { OnGivenUp(); }

  // On threads where this is not set a pause ends by itself, later in the turn.
  static inline thread_local bool held = false;

  // Ends the pause that has waited longest, and runs what follows from that. False: there is none.
  static bool EndOne(net::Loop* loop) {
    if (waiting_.empty()) return false;
    const net::Loop::Turn turn(loop);
    Pause* const first = waiting_.front();
    first->OnGivenUp();
    first->Wake();
    return true;
  }
  static size_t waiting() { return waiting_.size(); }

  bool await_ready() const { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if (!Suspend(coroutine)) return false;
    held ? waiting_.push_back(this) : Wake();
    return true;
  }
  bool await_resume() const { return !cancelled(); }

 private:
  void OnGivenUp() override { std::erase(waiting_, this); }

  static inline thread_local std::vector<Pause*> waiting_;
};

// A task at the root of its own tree.
template <typename T>
class HandRun final : public runtime::Root {
 public:
  HandRun(net::Loop* loop, Task<T> task) : Root(loop), task_(std::move(task)) {
    const net::Loop::Turn turn(loop);
    if (task_->Start(this)) ended_ = true;
  }

  bool ended() const { return ended_; }
  // It waited again although it had been told that it is cancelled.
  bool abandoned() const { return abandoned_; }
  T Take() { return task_->Take(); }

  void Cancel() {
    const net::Loop::Turn turn(loop());
    Root::Cancel();
  }

 private:
  void OnEnd(bool abandoned) override {
    ended_ = true;
    abandoned_ = abandoned;
    if (abandoned) task_.reset();
  }

  std::optional<Task<T>> task_;
  bool ended_ = false;
  bool abandoned_ = false;
};

}  // namespace rpc
