// From plain functions into coroutines.
//
//     int n = rpc::Run([&]() -> rpc::Task<int> { co_return co_await Twice(4); });  // waits for it
//     rpc::Spawn([echo]() -> rpc::Task<void> { ... });                             // does not
//
// Both own the function, with its captures, until its coroutine has ended. Run is for threads
// without a loop; it runs the coroutine on the loop that channels have in the background. So does
// Spawn, unless the thread has a loop of its own: then on that.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "rpc/net/loop.h"
#include "rpc/runtime/root.h"
#include "rpc/task.h"

namespace rpc {
namespace runtime {

// A tree of coroutines that serves no call. It is cancelled when its loop ends.
template <typename F>
class FreeRoot : public Root, private net::LoopUser {
 public:
  using TaskType = std::invoke_result_t<F&>;
  using Result = decltype(std::declval<TaskType>().Take());

  FreeRoot(net::Loop* loop, F function) : Root(loop), function_(std::move(function)) {}
  virtual ~FreeRoot() = default;

  // On the loop.
  void Begin() {
    loop()->AddUser(this);
    loop()->AddWork();
    try {
      task_.emplace(function_());
      if (!task_->Start(this)) return;
    } catch (...) {
      exception_ = std::current_exception();
    }
    OnEnd(false);
  }

 protected:
  // The last on the loop: the coroutine is gone, and so is its place on the loop.
  virtual void OnGone() = 0;

  // What the task returned, thrown when it threw. After OnGone.
  Result Take() {
    if (exception_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<Result>) return std::move(*result_);
  }

 private:
  void OnLoopEnd() override { Cancel(); }

  void OnEnd(bool abandoned) override {
    TakeResult(abandoned);
    task_.reset();
    LoopUser::Leave();
    loop()->DropWork();
    Reset();
    OnGone();
  }

  void TakeResult(bool abandoned) {
    if (exception_) return;
    try {
      if (abandoned) throw std::runtime_error("the loop has ended, and the coroutine with it");
      if constexpr (std::is_void_v<Result>) {
        task_->Take();
      } else {
        result_.emplace(task_->Take());
      }
    } catch (...) {
      exception_ = std::current_exception();
    }
  }

  F function_;
  std::optional<TaskType> task_;
  std::optional<std::conditional_t<std::is_void_v<Result>, Nothing, Result>> result_;
  std::exception_ptr exception_;
};

template <typename F>
class RunRoot final : public FreeRoot<F> {
 public:
  using FreeRoot<F>::FreeRoot;

  auto Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return gone_; });
    return this->Take();
  }

 private:
  void OnGone() override {
    std::lock_guard lock(mutex_);
    gone_ = true;
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool gone_ = false;  // guarded by the mutex
};

// Tells stderr what an exception says that nobody catches.
void TellUncaught(const std::exception_ptr& exception);

template <typename F>
class SpawnRoot final : public FreeRoot<F> {
 public:
  using FreeRoot<F>::FreeRoot;

 private:
  void OnGone() override {
    try {
      (void)this->Take();
    } catch (...) {
      TellUncaught(std::current_exception());
    }
    delete this;
  }
};

// Runs it on `loop`, and waits on this thread.
template <typename F>
auto RunOn(net::Loop* loop, F function) {
  if (net::Loop::Current() != nullptr) {
    throw std::logic_error("rpc::Run on a loop's own thread would never return: use co_await");
  }
  RunRoot<F> root(loop, std::move(function));
  if (!loop->Post([&root] { root.Begin(); })) throw std::runtime_error("the loop has ended");
  return root.Wait();
}

}  // namespace runtime

// Waits for the task that `function` makes, and gives what it returns or throws what it throws.
// Throws std::logic_error on a loop's thread, where it would wait for itself.
template <typename F>
auto Run(F function) {
  return runtime::RunOn(net::BackgroundLoop(), std::move(function));
}

// Starts the task that `function` makes and lets it go on by itself. What it returns is dropped; an
// exception that leaves it is written to stderr.
template <typename F>
void Spawn(F function) {
  net::Loop* loop = net::Loop::Current();
  if (loop == nullptr) loop = net::BackgroundLoop();
  auto* root = new runtime::SpawnRoot<F>(loop, std::move(function));
  if (!loop->Post([root] { root->Begin(); })) delete root;
}

}  // namespace rpc
