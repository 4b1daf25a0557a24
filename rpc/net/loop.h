// One thread's event loop, over libuv: what a thread does between two waits.
//
//     net::Loop loop;                      // its own libuv loop: Run() turns it until Stop()
//     net::Loop loop(uv_default_loop());   // the application's, which the application turns
//     loop.Post([] { ... });               // from any thread: runs on the loop's thread
//
// A turn begins with what libuv calls (bytes have come, time has passed), goes on with whatever
// that made ready (coroutines to resume), and ends with the output of every connection that it
// touched, so that all replies of a turn leave in one write.
//
// Threads: a loop belongs to one thread at a time: the one that calls Run(), or has borrowed it
// (lending.h), or gave it the application's loop. Post, Stop and IsCurrent may be called by any;
// the rest only on that thread. Lifetime: what refers to a loop is gone before it, or a LoopUser.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "rpc/net/list.h"
#include "rpc/session/deadlines.h"
#include "rpc/session/limits.h"
#include "rpc/session/session.h"

struct uv_async_s;  // libuv's uv_async_t
struct uv_loop_s;   // libuv's uv_loop_t

namespace rpc::net {

using session::kNever;
using session::TimeUs;

class Lending;
class Loop;

// The clock of all loops: microseconds that never go backwards. Any thread.
TimeUs ClockUs();

// What can be made ready to run later in this turn. Destroyed before that, it does not run.
class Ready : public ListNode {
 public:
  virtual void Run() = 0;

 protected:
  ~Ready() = default;
};

// What has output to be written at the end of the turn.
class Flushable : public ListNode {
 public:
  virtual void Flush() = 0;

 protected:
  ~Flushable() = default;
};

// Runs once, at the earliest at the time it was set to, to a millisecond. Set again it forgets the
// earlier time; destroyed it is off.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Of the heap: see Loop::SetTimer.
  TimeUs deadline_us = kNever;
  size_t deadline_place = session::kNoPlace;

 protected:
  ~Timer();

 private:
  friend class Loop;
  virtual void OnTime() = 0;

  Loop* loop_ = nullptr;
};

// What holds connections on a loop, and is told when the loop comes to its end.
class LoopUser : public ListNode {
 public:
  // Lets go of everything that it has on the loop. The last thing that happens to it there.
  virtual void OnLoopEnd() = 0;

 protected:
  ~LoopUser() = default;
};

// Where work for a loop is left, by any thread. It outlives the loop: then nothing is taken any
// more.
class Mailbox {
 public:
  // False, and nothing happens, once the loop has ended.
  bool Post(std::function<void()> work);

  bool empty() const {
    std::lock_guard lock(mutex_);
    return work_.empty();
  }

 private:
  friend class Loop;

  mutable std::mutex mutex_;
  // Guarded by the mutex:
  std::vector<std::function<void()>> work_;
  uv_async_s* wake_ = nullptr;  // null once the loop has ended
  Lending* lending_ = nullptr;
};

class Loop {
 public:
  Loop();
  explicit Loop(uv_loop_s* borrowed);
  // Tells every LoopUser, runs what was posted, waits for blocking work. The handles on a borrowed
  // loop are closed, and gone when the application has turned it once more. REQUIRES: not within a
  // turn.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The loop of the calling thread: the one that it turns, or that it made over a borrowed one;
  // null when there is none.
  static Loop* Current();
  bool IsCurrent() const { return Current() == this; }

  // Any thread: runs `work` on the loop's thread, in the order of posting. False, and nothing
  // happens, once the loop has ended. What its own thread posts keeps the application's uv_run from
  // returning before.
  bool Post(std::function<void()> work);
  // For who cannot know whether the loop is still there.
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  // Turns the loop on this thread until Stop(), and then ends it as the destructor does.
  // REQUIRES: its own libuv loop.
  void Run();
  // Any thread: Run() returns soon.
  void Stop();
  bool stopped() const { return stopped_; }
  bool borrowed() const { return borrowed_; }

  // Run() lets others turn the loop (see lending.h). The lending outlives it.
  void set_lending(Lending* lending);
  // Null when nobody may.
  Lending* lending() const { return lending_; }

  // Before it sleeps the loop looks for input without a pause, for up to this long since there last
  // was some: an answer that comes within that time finds it awake, at the price of a busy core. It
  // does so only when the last input came soon enough for it to have been worth while. The longest
  // that anybody has asked for holds.
  void SpinFor(TimeUs spin_us) { spin_max_us_ = spin_max_us_ < spin_us ? spin_us : spin_max_us_; }
  // Within a turn that input has caused.
  void NoteInput();

  // Calls and coroutines that are under way, so that the loop has to be turned.
  void AddWork() { ++under_way_; }
  void DropWork() { --under_way_; }
  bool quiet() const { return under_way_ == 0 && ready_.empty() && flushables_.empty(); }
  bool has_mail() const { return !mailbox_->empty(); }

  // The clock as of the beginning of this turn, or of TakeTime(); outside of one, as it is.
  TimeUs now_us() const { return in_turn_ ? now_us_ : ClockUs(); }
  // Within a turn: the clock as it is now. What is read after other input was dealt with may have
  // been sent since the turn began, and has deadlines that count from when it came.
  void TakeTime() { now_us_ = ClockUs(); }

  void MakeReady(Ready* ready) {
    ready_.push_back(ready);
    if (!in_turn_) TurnSoon();
  }
  void FlushLater(Flushable* flushable) {
    flushables_.push_back(flushable);
    if (!in_turn_) TurnSoon();
  }
  void SetTimer(Timer* timer, TimeUs at_us);
  void ClearTimer(Timer* timer) { timers_.Remove(timer); }
  void AddUser(LoopUser* user) { users_.push_back(user); }

  // Runs `work` on a thread of libuv's pool, then `done` on the loop. Both run, whatever happens; a
  // loop does not end before.
  void RunBlocking(std::function<void()> work, std::function<void()> done);

  // Waits for all blocking work, and runs what was posted: before something goes that they refer
  // to. REQUIRES: not within a turn.
  void Settle();

  session::Buffers* buffers() { return &buffers_; }
  uv_loop_s* uv() { return uv_; }

  // Makes the loop the calling thread's own for a while. REQUIRES: nobody else is within it.
  class Adoption {
   public:
    explicit Adoption(Loop* loop);
    ~Adoption();
    Adoption(const Adoption&) = delete;
    Adoption& operator=(const Adoption&) = delete;

   private:
    Loop* outer_;
  };
  // Waits for something to happen, and deals with it.
  void RunOnce();

  // Opens and ends what libuv calls: each callback that rpc/net registers has one on its stack.
  class Turn {
   public:
    explicit Turn(Loop* loop);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Loop* loop_;
    Loop* outer_;
  };

 private:
  struct Handles;

  // The memory of large strings, which the loop's thread keeps for the next ones, is given back
  // after a while, and the pages of all that is free then.
  class Tidying final : public Timer {
   public:
    explicit Tidying(Loop* loop) : loop_(loop) {}
    void Begin();

   private:
    void OnTime() override;

    Loop* loop_;
    uint64_t uses_ = 0;  // of large memory, until it last looked
  };

  void Open();
  void OnPosted();
  void BeforeWait();
  void OnTimer();
  void RunTimers();
  void TurnSoon();
  void Finish();  // of a turn
  void FlushAll();
  void RunReady(int count_max);
  void ArmTimer();
  void End();
  void EndUsers();

  uv_loop_s* uv_ = nullptr;
  bool borrowed_ = false;
  Handles* handles_ = nullptr;  // freed by libuv's close callbacks
  std::shared_ptr<Mailbox> mailbox_;
  session::Buffers buffers_;
  TimeUs now_us_ = 0;
  List<Ready> ready_;
  List<Flushable> flushables_;
  List<LoopUser> users_;
  session::Deadlines<Timer> timers_;
  Tidying tidying_{this};
  TimeUs armed_us_ = kNever;
  bool in_turn_ = false;
  bool in_timers_ = false;
  bool posted_to_itself_ = false;  // and has not taken it yet
  std::atomic<bool> stopped_{false};
  size_t under_way_ = 0;
  Lending* lending_ = nullptr;
  TimeUs spin_max_us_ = 0;
  TimeUs spin_until_us_ = 0;
  TimeUs input_us_ = 0;  // when some last came
  size_t blocking_ = 0;  // work that has not come back
};

// A loop on a thread of its own, made when it is first asked for and stopped when the program ends:
// where channels work whose callers have no loop. It is lent to those that wait for their calls.
Loop* BackgroundLoop();

}  // namespace rpc::net
