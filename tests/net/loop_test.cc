#include "rpc/net/loop.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "tests/net/loop_fixture.h"

namespace rpc::net {
namespace {

constexpr TimeUs kMillisecondUs = 1'000;

struct Task final : Ready {
  explicit Task(std::function<void()> run) : run(std::move(run)) {}
  void Run() override { run(); }
  std::function<void()> run;
};

struct Output final : Flushable {
  explicit Output(std::function<void()> flush) : flush(std::move(flush)) {}
  void Flush() override { flush(); }
  std::function<void()> flush;
};

struct Alarm final : Timer {
  explicit Alarm(std::function<void()> ring) : ring(std::move(ring)) {}
  void OnTime() override { ring(); }
  std::function<void()> ring;
};

struct User final : LoopUser {
  explicit User(std::function<void()> end) : end(std::move(end)) {}
  void OnLoopEnd() override { end(); }
  std::function<void()> end;
};

// Over a libuv loop that the test turns, as an application does with its own.
class LoopTest : public LoopFixture {
 protected:
  std::function<void()> Log(const std::string& word) {
    return [this, word] { log_ += word; };
  }

  std::string log_;
};

TEST_F(LoopTest, RunsWhatIsPostedInItsOrder) {
  for (int i = 0; i < 10; ++i) loop()->Post(Log(std::to_string(i)));
  EXPECT_EQ(log_, "");
  TurnUntil([&] { return log_.size() == 10; });
  EXPECT_EQ(log_, "0123456789");
}

TEST_F(LoopTest, RunsWhatIsPostedByWhatIsPosted) {
  loop()->Post([&] {
    loop()->Post(Log("inner"));
    log_ += "outer ";
  });
  TurnUntil([&] { return log_ == "outer inner"; });
}

TEST_F(LoopTest, WhatItsOwnThreadPostsKeepsTheApplicationsRunGoing) {
  loop()->Post([&] {
    loop()->Post(Log("inner"));
    log_ += "outer ";
  });
  uv_run(uv(), UV_RUN_DEFAULT);
  EXPECT_EQ(log_, "outer inner");
  EXPECT_EQ(uv_loop_alive(uv()), 0);
}

TEST_F(LoopTest, BelongsToTheThreadThatMadeItOverABorrowedOne) {
  EXPECT_TRUE(loop()->IsCurrent());
  EXPECT_TRUE(loop()->borrowed());
  std::thread([&] { EXPECT_FALSE(loop()->IsCurrent()); }).join();
  EndLoop();
  EXPECT_EQ(Loop::Current(), nullptr);
}

TEST_F(LoopTest, RunsWhatIsReadyLaterInTheTurnAndThenTheOutput) {
  Task first(Log("ready "));
  Output output(Log("flush"));
  InTurn([&] {
    loop()->FlushLater(&output);
    loop()->MakeReady(&first);
    log_ += "turn ";
  });
  EXPECT_EQ(log_, "turn ready flush");
}

TEST_F(LoopTest, RunsWhatReadyWorkMakesReadyInTheSameTurn) {
  Task second(Log("second "));
  Task first([&] {
    log_ += "first ";
    loop()->MakeReady(&second);
  });
  Output output(Log("flush"));
  InTurn([&] {
    loop()->FlushLater(&output);
    loop()->MakeReady(&first);
  });
  EXPECT_EQ(log_, "first second flush");
}

TEST_F(LoopTest, FlushesAgainWhatAFlushBringsAbout) {
  Output output(Log("flush "));
  Task task([&] {
    log_ += "ready ";
    loop()->FlushLater(&output);
  });
  Output first([&] {
    log_ += "first ";
    loop()->MakeReady(&task);
  });
  InTurn([&] { loop()->FlushLater(&first); });
  EXPECT_EQ(log_, "first ready flush ");
}

TEST_F(LoopTest, DoesNotRunWhatIsDestroyedBefore) {
  std::optional<Task> gone(Log("gone"));
  Task kept(Log("kept"));
  Task first([&] { gone.reset(); });
  InTurn([&] {
    loop()->MakeReady(&first);
    loop()->MakeReady(&*gone);
    loop()->MakeReady(&kept);
  });
  EXPECT_EQ(log_, "kept");
}

TEST_F(LoopTest, RunsOnceWhatIsMadeReadyTwice) {
  Task task(Log("once"));
  InTurn([&] {
    loop()->MakeReady(&task);
    loop()->MakeReady(&task);
  });
  EXPECT_EQ(log_, "once");
}

TEST_F(LoopTest, RunsWhatIsMadeReadyOutsideOfATurnBeforeItWaits) {
  Task task(Log("ready "));
  Output output(Log("flush"));
  loop()->MakeReady(&task);
  loop()->FlushLater(&output);
  TurnFor(1);
  EXPECT_EQ(log_, "ready flush");
}

TEST_F(LoopTest, TakesPostedWorkAndTimeInThoughReadyWorkNeverEnds) {
  int runs = 0;
  Task endless([&] {
    ++runs;
    loop()->MakeReady(&endless);
  });
  bool posted = false;
  bool rung = false;
  Alarm alarm([&] { rung = true; });
  InTurn([&] {
    loop()->MakeReady(&endless);
    loop()->SetTimer(&alarm, loop()->now_us() + 10 * kMillisecondUs);
  });
  loop()->Post([&] { posted = true; });
  TurnUntil([&] { return posted && rung; });
  EXPECT_GT(runs, 1'000);
}

TEST_F(LoopTest, ReadyWorkThatIsLeftOverGoesOnWithoutWaiting) {
  int left = 10'000;
  Task long_work([&] {
    if (--left > 0) loop()->MakeReady(&long_work);
  });
  InTurn([&] { loop()->MakeReady(&long_work); });
  // Only the fixture would wake a loop that waits, and not for long.
  constexpr uint64_t kLongMs = 10'000;
  const uint64_t start_ns = uv_hrtime();
  TurnUntil([&] { return left == 0; }, kLongMs);
  EXPECT_LT(uv_hrtime() - start_ns, kLongMs / 2 * 1'000'000);
}

TEST_F(LoopTest, TimersRingInTheOrderOfTheirTimes) {
  Alarm c(Log("c"));
  Alarm a(Log("a"));
  Alarm b(Log("b"));
  InTurn([&] {
    loop()->SetTimer(&c, loop()->now_us() + 30 * kMillisecondUs);
    loop()->SetTimer(&a, loop()->now_us() + 10 * kMillisecondUs);
    loop()->SetTimer(&b, loop()->now_us() + 20 * kMillisecondUs);
  });
  TurnUntil([&] { return log_.size() == 3; });
  EXPECT_EQ(log_, "abc");
}

TEST_F(LoopTest, ATimerRingsOnceAndNotBeforeItsTime) {
  const uint64_t start_us = uv_hrtime() / 1'000;
  uint64_t rung_us = 0;
  Alarm alarm([&] {
    rung_us = uv_hrtime() / 1'000;
    log_ += "rung";
  });
  loop()->SetTimer(&alarm, start_us + 20 * kMillisecondUs);
  TurnUntil([&] { return !log_.empty(); });
  EXPECT_GE(rung_us, start_us + 20 * kMillisecondUs);
  TurnFor(40);
  EXPECT_EQ(log_, "rung");
}

TEST_F(LoopTest, ATimerThatHasPassedRingsSoonAndNotAtOnce) {
  Alarm alarm(Log("rung"));
  InTurn([&] {
    loop()->SetTimer(&alarm, 0);
    EXPECT_EQ(log_, "");
  });
  TurnUntil([&] { return log_ == "rung"; });
}

TEST_F(LoopTest, ATimerThatIsSetAgainForgetsTheFirstTime) {
  Alarm later(Log("later "));
  Alarm sooner(Log("sooner "));
  Alarm off(Log("off "));
  InTurn([&] {
    const TimeUs now_us = loop()->now_us();
    for (Alarm* each : {&later, &off}) loop()->SetTimer(each, now_us + 10 * kMillisecondUs);
    loop()->SetTimer(&sooner, now_us + 10 * session::kSecondUs);
    loop()->SetTimer(&later, now_us + 40 * kMillisecondUs);
    loop()->SetTimer(&sooner, now_us + 20 * kMillisecondUs);
    loop()->SetTimer(&off, kNever);
  });
  TurnUntil([&] { return log_ == "sooner later "; });
}

TEST_F(LoopTest, ATimerMayBeSetAgainAndOthersEndedWhileItRings) {
  std::optional<Alarm> destroyed(Log("destroyed"));
  Alarm cleared(Log("cleared"));
  int rings = 0;
  Alarm alarm([&] {
    loop()->ClearTimer(&cleared);
    destroyed.reset();
    if (++rings < 3) loop()->SetTimer(&alarm, loop()->now_us() + kMillisecondUs);
  });
  InTurn([&] {
    for (Alarm* each : {&alarm, &cleared, &*destroyed}) loop()->SetTimer(each, 5);
  });
  TurnUntil([&] { return rings == 3; });
  EXPECT_EQ(log_, "");
}

TEST_F(LoopTest, ATimerThatIsDestroyedDoesNotRing) {
  {
    Alarm alarm(Log("rung"));
    loop()->SetTimer(&alarm, loop()->now_us() + 5 * kMillisecondUs);
  }
  TurnFor(30);
  EXPECT_EQ(log_, "");
}

TEST_F(LoopTest, BlockingWorkRunsElsewhereAndIsDoneHere) {
  std::thread::id worker;
  bool done = false;
  loop()->RunBlocking([&] { worker = std::this_thread::get_id(); },
                      [&] { done = loop()->IsCurrent(); });
  TurnUntil([&] { return done; });
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST_F(LoopTest, DoesNotEndBeforeBlockingWorkIsDone) {
  for (int i = 0; i < 10; ++i) loop()->RunBlocking([] {}, Log("."));
  EndLoop();
  EXPECT_EQ(log_, "..........");
}

TEST_F(LoopTest, SettlesBlockingWorkAndWhatWasPosted) {
  loop()->RunBlocking([] {}, Log("blocking "));
  loop()->Post(Log("posted "));
  loop()->Settle();
  EXPECT_EQ(log_.size(), std::string("blocking posted ").size());
}

TEST_F(LoopTest, TellsItsUsersOfItsEndAndThenTakesNothingMore) {
  const std::shared_ptr<Mailbox> mailbox = loop()->mailbox();
  User first([&] {
    log_ += "user ";
    EXPECT_TRUE(loop()->Post(Log("posted ")));
  });
  loop()->AddUser(&first);
  EndLoop();
  EXPECT_EQ(log_, "user posted ");
  EXPECT_FALSE(mailbox->Post(Log("late")));
  EXPECT_EQ(log_, "user posted ");
}

TEST_F(LoopTest, AUserThatIsDestroyedIsNotTold) {
  {
    User brief(Log("told"));
    loop()->AddUser(&brief);
  }
  EndLoop();
  EXPECT_EQ(log_, "");
}

}  // namespace
}  // namespace rpc::net
