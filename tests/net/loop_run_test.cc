// Loops that turn themselves, on this thread and on others; what a loop does within a turn is in
// loop_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rpc/net/loop.h"
#include "rpc/wire/large_string.h"
#include "tests/net/loop_thread.h"
#include "tests/support/descriptors.h"

namespace rpc::net {
namespace {

TEST(LoopRun, RunsWhatManyThreadsPostEachInItsOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5'000;
  LoopThread loop;
  std::vector<std::vector<int>> seen(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) loop.loop()->Post([&, t, i] { seen[t].push_back(i); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  loop.Do([] {});
  for (const std::vector<int>& each : seen) {
    ASSERT_EQ(each.size(), static_cast<size_t>(kPosts));
    EXPECT_TRUE(std::is_sorted(each.begin(), each.end()));
  }
}

// What is posted while a turn begins would otherwise have a deadline counted from before it was.
TEST(LoopRun, TheTimeOfATurnIsNotBeforeThatOfWhatWasPosted) {
  LoopThread loop;
  int early = 0;
  for (int i = 0; i < 50'000; ++i) {
    loop.loop()->Post([&, posted_us = ClockUs()] {
      if (loop.loop()->now_us() < posted_us) ++early;
    });
  }
  loop.Do([] {});
  EXPECT_EQ(early, 0);
}

TEST(LoopRun, IsCurrentOnTheThreadThatRunsIt) {
  LoopThread loop;
  EXPECT_FALSE(loop.loop()->IsCurrent());
  EXPECT_FALSE(loop.loop()->borrowed());
  loop.Do([&] {
    EXPECT_TRUE(loop.loop()->IsCurrent());
    EXPECT_EQ(Loop::Current(), loop.loop());
  });
}

TEST(LoopRun, RunsUntilItIsStoppedFromWithin) {
  Loop loop;
  int runs = 0;
  loop.Post([&] {
    ++runs;
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(loop.Post([&] { ++runs; }));
  EXPECT_EQ(Loop::Current(), nullptr);
}

TEST(LoopRun, ThatIsStoppedBeforeItRunsReturnsAtOnce) {
  Loop loop;
  loop.Stop();
  loop.Run();
}

TEST(LoopRun, MayBeStoppedTwice) {
  Loop loop;
  loop.Post([&] {
    loop.Stop();
    loop.Stop();
  });
  loop.Run();
  loop.Stop();
}

TEST(LoopRun, MayBeStoppedAndNeverRun) {
  const ptrdiff_t before = CountDescriptors();
  {
    Loop loop;
    loop.Stop();
  }
  EXPECT_EQ(CountDescriptors(), before);
}

// A user of the loop that stops it once more, at its end.
struct Stopper final : LoopUser {
  explicit Stopper(Loop* loop) : loop(loop) { loop->AddUser(this); }
  void OnLoopEnd() override { loop->Stop(); }
  Loop* loop;
};

TEST(LoopRun, MayBeStoppedAgainWhileItEnds) {
  const ptrdiff_t before = CountDescriptors();
  {
    Loop loop;
    const Stopper stopper(&loop);
    loop.Stop();
    loop.Run();
  }
  EXPECT_EQ(CountDescriptors(), before);
}

TEST(LoopRun, RunsWhatWasPostedBeforeItEnds) {
  int runs = 0;
  {
    Loop loop;
    loop.Post([&] {
      ++runs;
      loop.Post([&] { ++runs; });
    });
  }
  EXPECT_EQ(runs, 2);
}

TEST(LoopRun, TakesAPostOrRefusesItWhileItEnds) {
  for (int i = 0; i < 50; ++i) {
    std::atomic<int> taken = 0;
    std::atomic<int> run = 0;
    std::shared_ptr<Mailbox> mailbox;
    std::thread poster;
    {
      LoopThread loop;
      mailbox = loop.loop()->mailbox();
      poster = std::thread([&] {
        while (mailbox->Post([&] { ++run; })) ++taken;
      });
      loop.Do([] {});
    }
    poster.join();
    EXPECT_EQ(run, taken);
  }
}

TEST(LoopRun, MemoryOfLargeStringsIsKeptForAWhile) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "this build keeps none";
#endif
  LoopThread loop;
  size_t kept = 0;
  loop.Do([] {
    std::string large(1 << 20, 'x');
    wire::GiveLarge(&large);
  });
  loop.Do([&] { kept = wire::LargeKept(); });
  EXPECT_GE(kept, size_t{1} << 20);
  while (kept > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    loop.Do([&] { kept = wire::LargeKept(); });
  }
}

TEST(LoopRun, InTheBackgroundIsOneForAll) {
  std::atomic<bool> ran = false;
  BackgroundLoop()->Post([&] { ran = true; });
  while (!ran) std::this_thread::yield();
  EXPECT_EQ(BackgroundLoop(), BackgroundLoop());
  EXPECT_FALSE(BackgroundLoop()->IsCurrent());
}

}  // namespace
}  // namespace rpc::net
