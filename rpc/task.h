// A coroutine, or a value that is there already.
//
//     rpc::Task<int> Twice(int n) { co_return 2 * n; }
//     rpc::Task<> Say(...) { return absl::OkStatus(); }   // no co_await: no coroutine, no frame
//     int n = co_await Twice(4);
//
// A task begins when it is awaited, and runs on the loop of who awaits it. An exception that leaves
// it is thrown again there. A task that is destroyed frees everything that its coroutine holds.
//
// From plain functions into coroutines: rpc::Run and rpc::Spawn (run.h). Several at once: WhenAll
// and WhenAny (when.h). A lambda that is a coroutine takes parameters, not captures: the captures
// are gone with the lambda, which is often before the coroutine's end.
//
// What g++ 12 compiles wrongly, without a word (12.2; each was tried):
//   - a coroutine without a local variable of its own before an `if`, `while` or `switch` that has
//     an await in its condition: declare one first, or name the result:
//     `bool ok = co_await out.Write(m);`
//   - an await behind `&&`, `||` or in a `?:`, other than to initialise or to assign to a plain
//     variable: it runs even when it should not
//   - `co_await (c ? TaskA() : TaskB())`: name the task first
//   - a braced aggregate, or a lambda, that owns something and stands inside of a co_await
#pragma once

#include <concepts>
#include <coroutine>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "rpc/runtime/root.h"

namespace rpc {

template <typename T = absl::Status>
class Task;

namespace runtime {

struct Nothing {};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;

  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }

  T Take() {
    if (exception) std::rethrow_exception(exception);
    if (value) return std::move(*value);
    if constexpr (std::is_same_v<T, absl::Status>) {
      return absl::InternalError("a coroutine ended without co_return");
    } else {
      throw std::logic_error("a coroutine ended without co_return");
    }
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}

  void Take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace runtime

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = runtime::Promise<T>;
  // What it keeps of a value that is there already.
  using Value = std::conditional_t<std::is_void_v<T>, runtime::Nothing, T>;

  // From a value: `return reply;` in a function that is no coroutine.
  template <typename U>
  requires(std::convertible_to<U, Value> && !std::same_as<std::remove_cvref_t<U>, Task>)
      Task(U&& value)
      : value_(std::in_place, std::forward<U>(value)) {}

  Task(Task&& other) noexcept
      : coroutine_(std::exchange(other.coroutine_, nullptr)), value_(std::move(other.value_)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(Task* task) : task_(task) {}

    bool await_ready() const noexcept { return !task_->coroutine_; }

    template <typename Parent>
    bool await_suspend(std::coroutine_handle<Parent> parent) noexcept {
      promise_type& promise = task_->coroutine_.promise();
      promise.scope = parent.promise().scope;
      promise.continuation = parent;
      runtime::PromiseBase::Start(task_->coroutine_);
      return !task_->coroutine_.done();
    }

    T await_resume() { return task_->Take(); }

   private:
    Task* task_;
  };

  // Awaiting consumes it: `co_await Twice(4)`, or `co_await std::move(task)`.
  Awaiter operator co_await() && noexcept { return Awaiter(this); }

  // For the framework: runs it at the root of a tree. True when it has ended at once; otherwise
  // `root` is told later.
  bool Start(runtime::Root* root) {
    if (!coroutine_) return true;
    coroutine_.promise().scope = root;
    coroutine_.promise().root = root;
    runtime::PromiseBase::Start(coroutine_);
    return coroutine_.done();
  }

  // For the framework: what it ended with. REQUIRES: it has ended.
  T Take() {
    if (coroutine_) return coroutine_.promise().Take();
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
  std::optional<Value> value_;
};

namespace runtime {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace runtime
}  // namespace rpc
