// The outermost coroutine of a tree, and the promise that every rpc::Task has.
//
// Internal. A child is started inline, by resuming it within the await of its parent, and not by
// symmetric transfer: the latter grows the stack with every child that ends at once, where the
// compiler does not make it a tail call (-O0, sanitizers).
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>

#include "rpc/runtime/frame_pool.h"
#include "rpc/runtime/scope.h"

namespace rpc::runtime {

// The scope of a whole tree of coroutines. Who derives from it owns the outermost task.
class Root : public Scope {
 public:
  explicit Root(net::Loop* loop) : Scope(loop) {}

  // The outermost task has returned, and not while it was being started.
  void OnReturned() { loop()->MakeReady(this); }

 protected:
  ~Root() = default;

  void Reset() {
    Leave();
    Scope::Reset();
    abandoned_ = false;
  }

  // In a later turn, once: the task has returned, or (abandoned) is to be destroyed now.
  virtual void OnEnd(bool abandoned) = 0;

 private:
  void Run() final {
    if (abandoned_ && pinned()) return;
    OnEnd(abandoned_);
  }
  void OnAbandoned() final {
    abandoned_ = true;
    loop()->MakeReady(this);
  }
  void OnUnpinned() final {
    if (abandoned_) loop()->MakeReady(this);
  }

  bool abandoned_ = false;
};

struct PromiseBase {
  Scope* scope = nullptr;
  Root* root = nullptr;  // of the outermost task
  std::coroutine_handle<> continuation;
  bool starting = false;  // who started it is still on the stack, and looks whether it is done
  std::exception_ptr exception;

  static void* operator new(size_t size) { return NewFrame(size); }
  static void operator delete(void* frame, size_t size) { FreeFrame(frame, size); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    void await_resume() noexcept {}

    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
      PromiseBase& promise = coroutine.promise();
      if (promise.starting) return std::noop_coroutine();
      if (promise.root == nullptr) return promise.continuation;
      promise.root->OnReturned();
      return std::noop_coroutine();
    }
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }

  // Runs the coroutine to its first wait, or to its end.
  template <typename Promise>
  static void Start(std::coroutine_handle<Promise> coroutine) {
    PromiseBase& promise = coroutine.promise();
    promise.starting = true;
    coroutine.resume();
    promise.starting = false;
  }
};

}  // namespace rpc::runtime
