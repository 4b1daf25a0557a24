// What is cancelled together: the waits, the calls and the inner scopes of one tree of coroutines.
//
// Cancelling is told once and then enforced. The first wait after it answers "cancelled"; a
// coroutine that waits again, because it did not look, is destroyed where it stands, so that a
// handler that ignores what it is told can't run for ever.
//
// Internal. Threads: all of a scope belongs to one loop's thread.
#pragma once

#include <coroutine>

#include "rpc/net/list.h"
#include "rpc/net/loop.h"

namespace rpc::runtime {

// A member of a scope. Ready, too: the same place in a list serves for waiting and for being ready.
class ScopeMember : public net::Ready {
 public:
  // The scope has been cancelled; the member has left it already.
  virtual void OnCancel() = 0;

  void Run() override {}

 protected:
  ~ScopeMember() = default;
};

class Scope : public ScopeMember {
 public:
  explicit Scope(net::Loop* loop) : loop_(loop) {}

  net::Loop* loop() const { return loop_; }
  bool cancelled() const { return cancelled_; }

  // Tells every member; once.
  void Cancel();
  void OnCancel() override { Cancel(); }

  // A member of a scope that is cancelled already is told at once.
  void Add(ScopeMember* member);

  // This scope is cancelled with `outer`, and a pin of it pins `outer`.
  void AddTo(Scope* outer) {
    outer_ = outer;
    outer->Add(this);
  }

  // For a wait in a scope that is cancelled: true the first time, when it is to answer "cancelled";
  // after that it never returns, and the coroutine is destroyed soon.
  bool Report();
  void SetReported() { reported_ = true; }

  // While pinned its frames are not destroyed: something outside of the loop refers to them.
  void Pin();
  void Unpin();
  bool pinned() const { return pins_ > 0; }

 protected:
  ~Scope() = default;

  // As new. REQUIRES: no members, no pins.
  void Reset() {
    outer_ = nullptr;
    cancelled_ = reported_ = false;
  }

 private:
  // The coroutine waits where it never will be answered: destroy it. It stands in a wait now, so
  // not before this turn's ready work.
  virtual void OnAbandoned() = 0;
  virtual void OnUnpinned() = 0;

  net::Loop* loop_;
  Scope* outer_ = nullptr;
  net::List<ScopeMember> members_;
  bool cancelled_ = false;
  bool reported_ = false;
  int pins_ = 0;
};

// One wait of a coroutine, as a part of its frame. Ended once: by Wake, or because its scope was
// cancelled; the coroutine goes on later in the turn. Destroyed with its frame, it is simply gone.
class Wait : public ScopeMember {
 public:
  // The coroutine is being suspended: from await_suspend, which returns what this does. False: it
  // goes on at once, and cancelled() is true.
  template <typename Promise>
  bool Suspend(std::coroutine_handle<Promise> coroutine) {
    return SuspendIn(coroutine.promise().scope, coroutine);
  }

  void Wake() { loop_->MakeReady(this); }
  bool cancelled() const { return cancelled_; }

 protected:
  Wait() = default;
  ~Wait() = default;

  // It was woken: the coroutine goes on. Whoever overrides it may have it wait again instead.
  void Run() override { coroutine_.resume(); }
  void WaitAgain() { scope_->Add(this); }

 private:
  bool SuspendIn(Scope* scope, std::coroutine_handle<> coroutine);
  void OnCancel() final;
  // What was waited for is not wanted any more.
  virtual void OnGivenUp() {}

  std::coroutine_handle<> coroutine_;
  Scope* scope_ = nullptr;
  net::Loop* loop_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace rpc::runtime
