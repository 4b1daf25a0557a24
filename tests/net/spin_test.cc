// A loop that looks for input for a while before it sleeps: what it costs, and when it does so.
#include <gtest/gtest.h>
#include <time.h>

#include <chrono>
#include <thread>

#include "rpc/net/loop.h"
#include "tests/net/loop_thread.h"

namespace rpc::net {
namespace {

using std::chrono::milliseconds;

class SpinTest : public testing::Test {
 protected:
  void SpinFor(milliseconds time) {
    loop_.Do([&] { loop_.loop()->SpinFor(static_cast<TimeUs>(time.count()) * 1'000); });
  }

  // CPU time that the loop's thread has taken. Asking is input.
  double CpuMs() {
    timespec time = {};
    loop_.Do([&] { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); });
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }

  // What it takes while it is left alone, just after input.
  double CpuMsOf(milliseconds pause) {
    CpuMs();
    const double before = CpuMs();
    std::this_thread::sleep_for(pause);
    return CpuMs() - before;
  }

  LoopThread loop_;
};

TEST_F(SpinTest, WithoutBeingToldItSleeps) { EXPECT_LT(CpuMsOf(milliseconds(100)), 20); }

TEST_F(SpinTest, ItStaysAwakeAfterInputsThatFollowedEachOther) {
  SpinFor(milliseconds(1'000));
  EXPECT_GT(CpuMsOf(milliseconds(200)), 20);
}

TEST_F(SpinTest, ItSleepsWhenTheTimeIsOver) {
  SpinFor(milliseconds(20));
  EXPECT_LT(CpuMsOf(milliseconds(400)), 150);
}

TEST_F(SpinTest, ItSleepsAtOnceWhenInputComesLaterThanThat) {
  SpinFor(milliseconds(50));
  std::this_thread::sleep_for(milliseconds(100));
  const double before = CpuMs();
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(milliseconds(100));
    loop_.Do([] {});
  }
  EXPECT_LT(CpuMs() - before, 100);
}

TEST_F(SpinTest, TheLongestThatWasAskedForHolds) {
  SpinFor(milliseconds(1'000));
  SpinFor(milliseconds(1));
  EXPECT_GT(CpuMsOf(milliseconds(200)), 20);
}

TEST_F(SpinTest, TimersRunInTimeMeanwhile) {
  class Alarm : public Timer {
   public:
    TimeUs ran_us = 0;

   private:
    void OnTime() override { ran_us = ClockUs(); }
  } alarm;
  SpinFor(milliseconds(1'000));
  TimeUs wanted_us = 0;
  loop_.Do([&] {
    wanted_us = loop_.loop()->now_us() + 20'000;
    loop_.loop()->SetTimer(&alarm, wanted_us);
  });
  std::this_thread::sleep_for(milliseconds(200));
  loop_.Do([&] { EXPECT_GE(alarm.ran_us, wanted_us); });
}

}  // namespace
}  // namespace rpc::net
