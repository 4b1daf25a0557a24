// Work that blocks, on a thread of its own, while the loop goes on:
//
//     std::string page = co_await rpc::Blocking([&] { return ReadFile(path); });
//
// The function runs on libuv's pool of threads (4, or UV_THREADPOOL_SIZE). What it refers to is
// safe: the coroutine, and all that encloses it, stays until the work is done, also when the call
// is cancelled meanwhile. An exception that leaves it is thrown again by the await.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "rpc/net/loop.h"
#include "rpc/runtime/scope.h"
#include "rpc/task.h"

namespace rpc {

// `F` is a reference when an lvalue was given, so that nothing owning is copied into the await.
template <typename F>
class [[nodiscard]] Blocking {
  static_assert(
      std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<F>,
      "g++ 12 destroys a lambda that owns its captures twice inside of a co_await: name it "
      "before (auto work = [...] {...}; co_await rpc::Blocking(work)), or capture by "
      "reference");

 public:
  using Result = std::invoke_result_t<F&>;

  explicit Blocking(F&& function) : function_(std::forward<F>(function)) {}

  class Awaiter final : public runtime::Wait {
   public:
    explicit Awaiter(F& function) : function_(function) {}

    bool await_ready() const { return false; }

    // In a scope that is cancelled it does nothing, and the coroutine goes no further: there is no
    // result that would say so.
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> coroutine) {
      runtime::Scope* const scope = coroutine.promise().scope;
      if (scope->cancelled()) {
        scope->SetReported();
        return Suspend(coroutine);
      }
      coroutine_ = coroutine;
      scope->Pin();
      scope->loop()->RunBlocking([this] { Work(); },
                                 [this, scope] {
                                   const std::coroutine_handle<> next = coroutine_;
                                   scope->Unpin();
                                   next.resume();
                                 });
      return true;
    }

    Result await_resume() {
      if (exception_) std::rethrow_exception(exception_);
      if constexpr (!std::is_void_v<Result>) return std::move(*result_);
    }

   private:
    void Work() {
      try {
        if constexpr (std::is_void_v<Result>) {
          function_();
        } else {
          result_.emplace(function_());
        }
      } catch (...) {
        exception_ = std::current_exception();
      }
    }

    F& function_;
    std::coroutine_handle<> coroutine_;
    std::optional<std::conditional_t<std::is_void_v<Result>, runtime::Nothing, Result>> result_;
    std::exception_ptr exception_;
  };

  Awaiter operator co_await() { return Awaiter(function_); }

 private:
  F function_;
};

template <typename F>
Blocking(F&&) -> Blocking<F>;

}  // namespace rpc
