// Several awaits at once.
#include "rpc/when.h"

#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/hand_run.h"
#include "tests/coroutines/stage.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

Task<int> AtOnce(int n) { return n; }

Task<int> Later(int n) {
  const Tracker tracker;
  co_await Pause();
  co_return n;
}

// Its own value if it is let end, and another when it is cancelled.
Task<std::string> Told() {
  const absl::Status slept = co_await Sleep(absl::Hours(1));
  co_return slept.ok() ? "slept" : "told";
}

// The time that its turn has taken already does not count.
TEST(SleepTest, IsNotShorterThanWasAskedFor) {
  rpc::Run([]() -> Task<void> {
    const net::TimeUs begin_us = net::ClockUs();
    absl::SleepFor(absl::Milliseconds(30));
    (void)co_await Sleep(absl::Milliseconds(20));
    EXPECT_GE(net::ClockUs() - begin_us, 50'000u);
  });
}

Task<int> Throw(const char* what) {
  co_await Pause();
  throw std::runtime_error(what);
}

Task<int> Stubborn(int* rounds) {
  const Tracker tracker;
  for (;; ++*rounds) (void)co_await Sleep(absl::Hours(1));
}

TEST(WhenAll, GivesEachResultInItsPlace) {
  const auto all = rpc::Run([]() -> Task<std::tuple<int, int, absl::Status>> {
    co_return co_await WhenAll(Later(1), AtOnce(2), Sleep(absl::ZeroDuration()));
  });
  EXPECT_EQ(all, std::make_tuple(1, 2, absl::OkStatus()));
}

TEST(WhenAll, OfAVectorGivesAVectorInOrder) {
  const auto all = rpc::Run([]() -> Task<std::vector<int>> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 1'000; ++i) tasks.push_back(i % 3 == 0 ? AtOnce(i) : Later(i));
    co_return co_await WhenAll(std::move(tasks));
  });
  ASSERT_EQ(all.size(), 1'000u);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(all[static_cast<size_t>(i)], i);
}

TEST(WhenAll, OfNothingEndsAtOnce) {
  EXPECT_TRUE(rpc::Run([] { return WhenAll(std::vector<Task<int>>()); }).empty());
}

TEST(WhenAll, RunsItsPartsAtTheSameTime) {
  net::Loop loop;
  Pause::held = true;
  HandRun<std::tuple<int, int>> run(&loop, WhenAll(Later(1), Later(2)));
  EXPECT_EQ(Pause::waiting(), 2u);
  while (Pause::EndOne(&loop)) continue;
  EXPECT_TRUE(run.ended());
  Pause::held = false;
}

TEST(WhenAll, ThrowsWhenAllHaveEnded) {
  net::Loop loop;
  Pause::held = true;
  HandRun<std::tuple<int, int, int>> run(&loop, WhenAll(Throw("first"), Throw("second"), Later(3)));
  EXPECT_TRUE(Pause::EndOne(&loop) && Pause::EndOne(&loop));
  EXPECT_FALSE(run.ended());
  EXPECT_TRUE(Pause::EndOne(&loop));
  ASSERT_TRUE(run.ended());
  EXPECT_THROW(run.Take(), std::runtime_error);
  EXPECT_EQ(Tracker::alive(), 0);
  Pause::held = false;
}

TEST(WhenAll, IsNestedInItself) {
  const auto all = rpc::Run([]() -> Task<int> {
    const auto nested = co_await WhenAll(WhenAll(Later(1), Later(2)), WhenAny(Later(3), Told()));
    const auto& any = std::get<1>(nested);
    co_return std::get<0>(std::get<0>(nested)) + *std::get<0>(any.results);
  });
  EXPECT_EQ(all, 4);
}

TEST(WhenAny, TellsWhichWasFirst) {
  const auto any = rpc::Run([] { return WhenAny(Told(), Later(7), Told()); });
  EXPECT_EQ(any.index, 1u);
  EXPECT_EQ(std::get<1>(any.results), 7);
}

TEST(WhenAny, TellsTheOthersAndWaitsForThem) {
  const auto any = rpc::Run([] { return WhenAny(Told(), Later(7), Told()); });
  EXPECT_EQ(std::get<0>(any.results), "told");
  EXPECT_EQ(std::get<2>(any.results), "told");
}

TEST(WhenAny, DoesNotBeginWhatComesAfterOneThatEndsAtOnce) {
  int rounds = 0;
  const auto any = rpc::Run([&] { return WhenAny(AtOnce(1), Stubborn(&rounds)); });
  EXPECT_EQ(any.index, 0u);
  EXPECT_FALSE(std::get<1>(any.results));
  EXPECT_EQ(rounds, 0);
}

TEST(WhenAny, DestroysWhatDoesNotLook) {
  int rounds = 0;
  const auto any = rpc::Run([&] { return WhenAny(Stubborn(&rounds), Later(7)); });
  EXPECT_EQ(any.index, 1u);
  EXPECT_FALSE(std::get<0>(any.results));
  EXPECT_EQ(rounds, 1);
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST(WhenAny, ThrowsWhatTheFirstThrewWhenTheOthersHaveEnded) {
  int rounds = 0;
  EXPECT_THROW(rpc::Run([&] { return WhenAny(Stubborn(&rounds), Throw("first")); }),
               std::runtime_error);
  EXPECT_EQ(rounds, 1);
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST(WhenAny, InALoopLeavesNothingBehind) {
  const int sum = rpc::Run([]() -> Task<int> {
    int n = 0;
    for (int i = 0; i < 10'000; ++i) {
      const auto any = co_await WhenAny(Later(1), Sleep(absl::Hours(1)));
      n += *std::get<0>(any.results);
    }
    co_return n;
  });
  EXPECT_EQ(sum, 10'000);
  EXPECT_EQ(Tracker::alive(), 0);
}

class WhenStreamTest : public StageTest {};

TEST_F(WhenStreamTest, AReadThatLosesLosesNoMessage) {
  Event lost;
  OnCount([&](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
    (void)co_await Blocking([&] { return lost.Comes(); });
    for (int i = 0; i < 3; ++i) {
      if (!co_await out.Write(MakeNumber(i))) break;
    }
    co_return absl::OkStatus();
  });
  rpc::Run([&]() -> Task<void> {
    auto numbers = echo_.Count({});
    auto any = co_await WhenAny(numbers.Read(), Sleep(absl::Milliseconds(5)));
    EXPECT_EQ(any.index, 1u);
    lost.Happen();
    for (int i = 0; i < 3; ++i) {
      const echo::Number* number = co_await numbers.Read();
      EXPECT_TRUE(number != nullptr && number->value() == i);
    }
    const echo::Number* end = co_await numbers.Read();
    EXPECT_EQ(end, nullptr);
    EXPECT_TRUE(numbers.status().ok()) << numbers.status();
  });
}

// Each message comes out of exactly one Read, whether it won, lost, or was there all the same.
TEST_F(WhenStreamTest, ReadsThatRaceWithSleepsGiveEachMessageOnce) {
  constexpr int kCount = 2'000;
  OnCount([](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
    for (int i = 0; i < kCount; ++i) {
      if (i % 50 == 0) (void)co_await Sleep(absl::Milliseconds(1));
      if (!co_await out.Write(MakeNumber(i))) break;
    }
    co_return absl::OkStatus();
  });
  const int seen = rpc::Run([&]() -> Task<int> {
    auto numbers = echo_.Count({});
    int next = 0;
    while (next < kCount && numbers.status().ok()) {
      auto any = co_await WhenAny(Sleep(absl::ZeroDuration()), numbers.Read());
      const auto read = std::get<1>(any.results);
      if (!read || *read == nullptr) continue;
      EXPECT_EQ((*read)->value(), next);
      ++next;
    }
    co_return next;
  });
  EXPECT_EQ(seen, kCount);
}

}  // namespace
}  // namespace rpc
