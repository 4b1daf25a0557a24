// A loop that is lent to whoever waits for something on it.
#include "rpc/net/lending.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "rpc/net/loop.h"

namespace rpc::net {
namespace {

using std::chrono::milliseconds;

class LendingTest : public testing::Test {
 protected:
  LendingTest() {
    loop_.set_lending(&lending_);
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~LendingTest() override {
    loop_.Stop();
    if (thread_.joinable()) thread_.join();
  }

  // What a call is to the loop: it has to be turned until it has ended.
  void Begin(std::atomic<bool>* done) {
    loop_.AddWork();
    loop_.Post([this, done] {
      loop_.DropWork();
      done->store(true);
    });
  }

  // One call as a thread makes it; whether it had the loop to itself for all of it.
  bool Call() {
    std::atomic<bool> done = false;
    Borrow([&] { Begin(&done); });
    const bool turned = lending_.TurnUntil(done);
    while (!done) std::this_thread::yield();
    return turned;
  }

  // Runs it on this thread. The loop's thread lends the loop only when somebody has waited, and
  // takes it back when the machine stops this one for a while: that takes an attempt or two.
  void Borrow(const std::function<void()>& work = [] {}) {
    const std::atomic<bool> done = true;
    while (!lending_.Turn(work)) {
      lending_.TurnUntil(done);
      loop_.Post([] {});
      std::this_thread::yield();
    }
  }

  std::thread::id ThreadOfPost() {
    std::promise<std::thread::id> id;
    loop_.Post([&] { id.set_value(std::this_thread::get_id()); });
    return id.get_future().get();
  }

  Lending lending_{&loop_};
  Loop loop_;
  std::thread thread_;
};

TEST_F(LendingTest, TheLoopIsItsThreadsUntilSomebodyWaits) {
  const std::thread::id own = ThreadOfPost();
  EXPECT_NE(own, std::this_thread::get_id());
  EXPECT_FALSE(lending_.Turn([] { FAIL() << "the loop's thread is within it"; }));
}

TEST_F(LendingTest, WorkRunsOnTheThreadThatBorrows) {
  const std::thread::id self = std::this_thread::get_id();
  Borrow([&] { EXPECT_EQ(std::this_thread::get_id(), self); });
  Borrow([&] { EXPECT_TRUE(loop_.IsCurrent()); });
  EXPECT_EQ(Loop::Current(), nullptr);
}

TEST_F(LendingTest, CallsThatFollowEachOtherAreTurnedByTheirThread) {
  int in_a_row = 0;
  while (in_a_row < 20) in_a_row = Call() ? in_a_row + 1 : 0;
}

TEST_F(LendingTest, WhatIsPostedMeanwhileIsRunByTheBorrower) {
  std::atomic<bool> done = false;
  std::thread::id ran_on;
  Borrow([this] { loop_.AddWork(); });
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    loop_.Post([&] {
      ran_on = std::this_thread::get_id();
      loop_.DropWork();
      done = true;
    });
  });
  const bool turned = lending_.TurnUntil(done);
  other.join();
  while (!done) std::this_thread::yield();
  if (turned) {
    EXPECT_EQ(ran_on, std::this_thread::get_id());
  }
}

TEST_F(LendingTest, WhatIsPostedWhenNobodyTurnsTheLoopIsRunByItsThread) {
  for (int i = 0; i < 100; ++i) {
    Borrow();
    EXPECT_NE(ThreadOfPost(), std::this_thread::get_id());
  }
}

TEST_F(LendingTest, WorkThatNobodyWaitsForIsLookedAfter) {
  std::atomic<bool> done = false;
  class Later : public Timer {
   public:
    explicit Later(std::atomic<bool>* done) : done_(done) {}
    void OnTime() override { *done_ = true; }

   private:
    std::atomic<bool>* done_;
  } later(&done);
  Borrow([&] { loop_.SetTimer(&later, loop_.now_us() + 5'000); });
  while (!done) std::this_thread::sleep_for(milliseconds(1));  // the loop's thread turns it
}

TEST_F(LendingTest, ManyThreadsThatCallAtOnceAllGetTheirAnswers) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 2'000;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        auto done = std::make_shared<std::atomic<bool>>(false);
        const auto work = [&] { Begin(done.get()); };
        const bool begun = lending_.Turn(work) || loop_.Post(work);
        if (begun && !lending_.TurnUntil(*done)) {
          while (!*done) std::this_thread::yield();
        }
        ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, kThreads * kCalls);
}

TEST_F(LendingTest, AStoppedLoopIsNotLentAndLetsItsBorrowerGo) {
  Borrow();
  const std::atomic<bool> never = false;
  std::thread stopper([this] {
    std::this_thread::sleep_for(milliseconds(20));
    loop_.Stop();
  });
  EXPECT_FALSE(lending_.TurnUntil(never));
  stopper.join();
  thread_.join();
  EXPECT_FALSE(lending_.Turn([] { FAIL() << "there is no loop any more"; }));
}

}  // namespace
}  // namespace rpc::net
