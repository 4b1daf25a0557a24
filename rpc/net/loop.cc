#include "rpc/net/loop.h"

#include <malloc.h>
#include <uv.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "rpc/net/lending.h"
#include "rpc/wire/large_string.h"

namespace rpc::net {
namespace {

// Ready work of one turn; what is left waits until libuv has looked for input again.
constexpr int kReadyMax = 1024;

// Ready work after which what it has to write is written: the peers work on that meanwhile.
constexpr int kReadyPerFlush = 64;

// Kept for large messages: some of a MiB each, both ways; and for how long. That it is freed under
// load as well costs a second's share of new pages.
constexpr size_t kLargeKeptMax = 16 << 20;
constexpr TimeUs kLargeKeptUs = session::kSecondUs;

thread_local Loop* current_loop = nullptr;

// What is free at the end of malloc's heap, and may stay.
constexpr size_t kWarmSize = 8 << 20;

// glibc gives what is free at the end of its heap back to the system beyond 128 KiB of it, so that
// calls of some KiB each pay for new pages all the time. A large block that is freed once tells it
// that this program has use for more. Where somebody has set malloc's thresholds nothing changes.
void WarmMalloc() {
  void* volatile block = std::malloc(kWarmSize / 2);
  std::free(block);
}

}  // namespace

TimeUs ClockUs() { return uv_hrtime() / 1000; }

// What libuv holds pointers to: it outlives a loop over a borrowed libuv loop, by one turn.
struct Loop::Handles {
  Loop* loop = nullptr;
  uv_async_t posted;
  uv_timer_t timer;
  uv_prepare_t before_wait;
  uv_idle_t do_not_wait;  // active while ready work is left over, or the loop spins
  int open = 0;

  template <typename Handle>
  void Adopt(Handle* handle) {
    handle->data = this;
    ++open;
  }

  // It does not keep the application's uv_run from returning.
  template <typename Handle>
  static void Unref(Handle* handle) {
    uv_unref(reinterpret_cast<uv_handle_t*>(handle));
  }

  template <typename Handle>
  static void Close(Handle* handle) {
    uv_close(reinterpret_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) {
      auto* handles = static_cast<Handles*>(closed->data);
      if (--handles->open == 0) delete handles;
    });
  }

  template <typename Handle>
  static Loop* LoopOf(Handle* handle) {
    return static_cast<Handles*>(handle->data)->loop;
  }
};

Timer::~Timer() {
  if (loop_ != nullptr) loop_->ClearTimer(this);
}

Loop::Loop() : uv_(new uv_loop_t) {
  const int failed = uv_loop_init(uv_);
  if (failed != 0) {
    fprintf(stderr, "cannot make an event loop: %s\n", uv_strerror(failed));
    abort();
  }
  Open();
  // Run() goes on while there is nothing to do: what wakes it is always wanted.
  uv_ref(reinterpret_cast<uv_handle_t*>(&handles_->posted));
}

Loop::Loop(uv_loop_t* borrowed) : uv_(borrowed), borrowed_(true) {
  Open();
  current_loop = this;
}

void Loop::Open() {
  handles_ = new Handles;
  handles_->loop = this;
  uv_async_init(uv_, &handles_->posted,
                [](uv_async_t* handle) { Handles::LoopOf(handle)->OnPosted(); });
  mailbox_ = std::make_shared<Mailbox>();
  mailbox_->wake_ = &handles_->posted;
  uv_timer_init(uv_, &handles_->timer);
  uv_prepare_init(uv_, &handles_->before_wait);
  uv_idle_init(uv_, &handles_->do_not_wait);
  handles_->Adopt(&handles_->posted);
  handles_->Adopt(&handles_->timer);
  handles_->Adopt(&handles_->before_wait);
  handles_->Adopt(&handles_->do_not_wait);
  Handles::Unref(&handles_->posted);
  Handles::Unref(&handles_->before_wait);
  uv_prepare_start(&handles_->before_wait,
                   [](uv_prepare_t* handle) { Handles::LoopOf(handle)->BeforeWait(); });
  now_us_ = ClockUs();
}

Loop::~Loop() {
  assert(!in_turn_);
  Loop* const outer = std::exchange(current_loop, this);
  End();
  Handles::Close(&handles_->posted);
  Handles::Close(&handles_->timer);
  Handles::Close(&handles_->before_wait);
  Handles::Close(&handles_->do_not_wait);
  if (!borrowed_) {
    // More than once where a Stop() was not heeded: it makes the first return at once.
    while (uv_loop_close(uv_) == UV_EBUSY) uv_run(uv_, UV_RUN_DEFAULT);
    delete uv_;
  }
  current_loop = outer == this ? nullptr : outer;
}

Loop* Loop::Current() { return current_loop; }

bool Mailbox::Post(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  if (wake_ == nullptr) return false;
  work_.push_back(std::move(work));
  if (work_.size() > 1) return true;
  uv_async_send(wake_);
  if (lending_ != nullptr) lending_->OnPost();
  return true;
}

bool Loop::Post(std::function<void()> work) {
  if (!mailbox_->Post(std::move(work))) return false;
  if (IsCurrent()) {
    posted_to_itself_ = true;
    if (!in_turn_) TurnSoon();
  }
  return true;
}

void Loop::OnPosted() {
  posted_to_itself_ = false;
  // Taken before the turn: the turn's time is then never earlier than that of what was posted.
  std::vector<std::function<void()>> work;
  {
    std::lock_guard lock(mailbox_->mutex_);
    work.swap(mailbox_->work_);
  }
  Turn turn(this);
  NoteInput();
  for (std::function<void()>& each : work) {
    each();
    each = nullptr;
  }
}

void Loop::Run() {
  assert(!borrowed_);
  wire::KeepLarge(kLargeKeptMax);
  static std::once_flag warmed;
  std::call_once(warmed, WarmMalloc);
  if (lending_ != nullptr) lending_->Run();
  const Adoption adoption(this);
  while (!stopped_) uv_run(uv_, UV_RUN_DEFAULT);
  End();
  wire::KeepLarge(0);
}

// If there has been use for large memory since it last looked.
void Loop::Tidying::Begin() {
  if (uses_ != wire::LargeUses()) loop_->SetTimer(this, loop_->now_us() + kLargeKeptUs);
}

// When a while has gone by without, malloc gives its free pages back to the system as well.
void Loop::Tidying::OnTime() {
  wire::FreeLarge();
  if (std::exchange(uses_, wire::LargeUses()) == wire::LargeUses()) {
    malloc_trim(kWarmSize);
  } else {
    loop_->SetTimer(this, loop_->now_us() + kLargeKeptUs);
  }
}

void Loop::RunOnce() { uv_run(uv_, UV_RUN_ONCE); }

void Loop::set_lending(Lending* lending) {
  std::lock_guard lock(mailbox_->mutex_);
  lending_ = mailbox_->lending_ = lending;
}

Loop::Adoption::Adoption(Loop* loop) : outer_(std::exchange(current_loop, loop)) {}

Loop::Adoption::~Adoption() { current_loop = outer_; }

void Loop::NoteInput() {
  if (spin_max_us_ == 0) return;
  const bool soon = now_us_ - input_us_ <= spin_max_us_;
  input_us_ = now_us_;
  spin_until_us_ = soon ? session::After(now_us_, spin_max_us_) : 0;
}

void Loop::BeforeWait() {
  // The turn of what was done on this thread outside of our callbacks.
  { const Turn turn(this); }
  if (now_us_ < spin_until_us_) TurnSoon();
}

void Loop::Stop() {
  Post([this] {
    stopped_ = true;
    uv_stop(uv_);
  });
}

void Loop::End() {
  for (bool ended = false; !ended;) {
    EndUsers();
    Settle();
    std::lock_guard lock(mailbox_->mutex_);
    ended = mailbox_->work_.empty() && users_.empty() && ready_.empty() && flushables_.empty();
    if (ended) mailbox_->wake_ = nullptr;
  }
}

void Loop::Settle() {
  do {
    while (blocking_ > 0) uv_run(uv_, UV_RUN_ONCE);
    OnPosted();
  } while (blocking_ > 0);
}

void Loop::EndUsers() {
  Turn turn(this);
  while (LoopUser* user = users_.pop_front()) user->OnLoopEnd();
}

void Loop::SetTimer(Timer* timer, TimeUs at_us) {
  timers_.Remove(timer);
  timer->loop_ = this;
  timer->deadline_us = at_us;
  if (at_us == kNever) return;
  timers_.Add(timer);
  if (!in_turn_) ArmTimer();
}

void Loop::ArmTimer() {
  const TimeUs next_us = timers_.next_us();
  if (next_us == kNever && armed_us_ != kNever) {
    uv_timer_stop(&handles_->timer);
    armed_us_ = kNever;
  }
  // A timer of libuv's that goes off too early costs less than setting it each turn.
  if (next_us >= armed_us_) return;
  armed_us_ = next_us;
  // libuv counts milliseconds from the beginning of its own turn.
  uv_update_time(uv_);
  const TimeUs now_us = ClockUs();
  uint64_t delay_ms = next_us <= now_us ? 0 : (next_us - now_us + 999) / 1000;
  // libuv runs a timer that is due again and again before it looks for input.
  if (in_timers_) delay_ms = std::max<uint64_t>(delay_ms, 1);
  uv_timer_start(
      &handles_->timer, [](uv_timer_t* handle) { Handles::LoopOf(handle)->OnTimer(); }, delay_ms,
      0);
}

void Loop::OnTimer() {
  in_timers_ = true;
  RunTimers();
  in_timers_ = false;
}

void Loop::RunTimers() {
  Turn turn(this);
  armed_us_ = kNever;
  // A timer that sets itself again to a time that has come waits for the next turn.
  for (size_t left = timers_.size(); left > 0 && timers_.next_us() <= now_us_; --left) {
    Timer* timer = timers_.first();
    timers_.Remove(timer);
    timer->OnTime();
  }
}

Loop::Turn::Turn(Loop* loop) : loop_(loop->in_turn_ ? nullptr : loop), outer_(current_loop) {
  if (loop_ == nullptr) return;
  current_loop = loop;
  loop->in_turn_ = true;
  loop->now_us_ = ClockUs();
}

Loop::Turn::~Turn() {
  if (loop_ == nullptr) return;
  loop_->Finish();
  loop_->in_turn_ = false;
  current_loop = outer_;
}

void Loop::Finish() {
  for (int run = 0; run < kReadyMax && !ready_.empty(); run += kReadyPerFlush) {
    RunReady(kReadyPerFlush);
    if (!ready_.empty()) FlushAll();
  }
  // A flush may make more ready, and that may bring more output.
  for (int round = 0; round < 2 && !flushables_.empty(); ++round) {
    FlushAll();
    RunReady(kReadyMax);
  }
  if (ready_.empty() && flushables_.empty() && !posted_to_itself_) {
    uv_idle_stop(&handles_->do_not_wait);
  } else {
    TurnSoon();
  }
  if (!borrowed_ && tidying_.deadline_place == session::kNoPlace) tidying_.Begin();
  ArmTimer();
}

// There is work: libuv looks for input, but does not wait for it.
void Loop::TurnSoon() {
  uv_idle_start(&handles_->do_not_wait, [](uv_idle_t*) {});
}

void Loop::FlushAll() {
  List<Flushable> now;
  now.Append(&flushables_);
  while (Flushable* flushable = now.pop_front()) flushable->Flush();
}

void Loop::RunReady(int count_max) {
  for (int i = 0; i < count_max; ++i) {
    Ready* ready = ready_.pop_front();
    if (ready == nullptr) return;
    ready->Run();
  }
}

void Loop::RunBlocking(std::function<void()> work, std::function<void()> done) {
  struct Work {
    uv_work_t request;
    Loop* loop;
    std::function<void()> work;
    std::function<void()> done;
  };
  auto* item = new Work{{}, this, std::move(work), std::move(done)};
  item->request.data = item;
  ++blocking_;
  uv_queue_work(
      uv_, &item->request, [](uv_work_t* request) { static_cast<Work*>(request->data)->work(); },
      [](uv_work_t* request, int) {
        const std::unique_ptr<Work> item(static_cast<Work*>(request->data));
        Turn turn(item->loop);
        --item->loop->blocking_;
        item->done();
      });
}

namespace {

class LoopThread {
 public:
  LoopThread() : loop_(std::make_unique<Loop>()) {
    lending_ = std::make_unique<Lending>(loop_.get());
    loop_->set_lending(lending_.get());
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~LoopThread() {
    if (!loop_->IsCurrent()) {
      loop_->Stop();
      thread_.join();
    } else {
      // A coroutine has called exit(): its loop goes with the program.
      (void)loop_.release();
      (void)lending_.release();
      thread_.detach();
    }
  }

  Loop* loop() { return loop_.get(); }

 private:
  std::unique_ptr<Lending> lending_;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace

Loop* BackgroundLoop() {
  static LoopThread thread;
  return thread.loop();
}

}  // namespace rpc::net
