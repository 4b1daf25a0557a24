// What WhenAll and WhenAny are made of: branches, each with a coroutine at the root of its own
// tree, and the coroutine that waits for all of them.
//
// Internal. Threads: one loop.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "rpc/runtime/root.h"
#include "rpc/task.h"

namespace rpc::runtime {

template <typename A>
decltype(auto) AwaiterOf(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
    return std::forward<A>(awaitable).operator co_await();
  } else {
    return std::forward<A>(awaitable);
  }
}

// What awaiting an A gives, as something that can be kept.
template <typename A>
using AwaitResult = decltype(AwaiterOf(std::declval<A>()).await_resume());
template <typename A>
using AwaitValue = std::conditional_t<std::is_void_v<AwaitResult<A>>, Nothing,
                                      std::remove_cvref_t<AwaitResult<A>>>;

// Puts into `result` what awaiting it gives.
template <typename A>
Task<void> Feed(A awaitable, std::optional<AwaitValue<A>>* result) {
  if constexpr (std::is_void_v<AwaitResult<A>>) {
    co_await std::move(awaitable);
    result->emplace();
  } else {
    result->emplace(co_await std::move(awaitable));
  }
}

inline constexpr size_t kNoBranch = static_cast<size_t>(-1);

class Gathering : private net::Ready {
 public:
  // `first_only`: the end of one branch cancels the others.
  Gathering(Scope* outer, bool first_only);
  ~Gathering();

  // A branch, to be run by Start; it is cancelled with the coroutine that gathers.
  void Add(Task<void> task);
  void Start();

  // The branch that ended first.
  size_t first() const { return first_; }
  // A branch did not look when it was cancelled, and was destroyed.
  bool lost_one() const { return lost_one_; }

  // Until every branch has ended. Throws what the first of them threw.
  class Awaiter {
   public:
    explicit Awaiter(Gathering* gathering) : gathering_(gathering) {}
    bool await_ready() const { return gathering_->running_ == 0; }
    void await_suspend(std::coroutine_handle<> coroutine) { gathering_->waiting_ = coroutine; }
    void await_resume() const {
      if (gathering_->exception_) std::rethrow_exception(gathering_->exception_);
    }

   private:
    Gathering* gathering_;
  };
  Awaiter Ended() { return Awaiter(this); }

 private:
  class Branch;

  void Run() override { waiting_.resume(); }
  void OnBranchEnd(size_t index, bool abandoned, const std::exception_ptr& exception);

  Scope* outer_;
  const bool first_only_;
  std::vector<std::unique_ptr<Branch>> branches_;
  size_t running_ = 0;
  size_t first_ = kNoBranch;
  bool lost_one_ = false;
  std::exception_ptr exception_;
  std::coroutine_handle<> waiting_;
};

// The scope of the coroutine that awaits it. In one that is cancelled it answers the first time,
// and then never.
struct EnterScope {
  Scope* scope = nullptr;

  bool await_ready() const { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    scope = coroutine.promise().scope;
    return scope->cancelled() && !scope->Report();
  }
  Scope* await_resume() const { return scope; }
};

// Ends the coroutine that awaits it, which is cancelled, here.
struct NeverReturn {
  bool await_ready() const { return false; }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> coroutine) {
    coroutine.promise().scope->SetReported();
    (void)coroutine.promise().scope->Report();
  }
  void await_resume() const {}
};

}  // namespace rpc::runtime
