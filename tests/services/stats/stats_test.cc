// What a server counted and measured, against what was done to it.
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/stats/histograms.h"
#include "services/stats/stats.rpc.h"
#include "tests/services/inspection/inspected_server.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

using testing::HasSubstr;

class StatsTest : public InspectedTest {
 protected:
  using InspectedTest::InspectedTest;

  stats::Stats::Client client() { return stats::Stats::Client(channel()); }
  stats::Snapshot List() {
    const absl::StatusOr<stats::Snapshot> reply = client().List({}).Wait();
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : stats::Snapshot();
  }
  static stats::Method Of(const stats::Snapshot& snapshot, const std::string& name) {
    for (const stats::Method& method : snapshot.methods()) {
      if (method.name() == name) return method;
    }
    ADD_FAILURE() << "no method " << name;
    return {};
  }
  stats::Method Of(const std::string& name) { return Of(List(), name); }
  static stats::WatchRequest Every(uint32_t period_ms) {
    stats::WatchRequest request;
    request.set_period_ms(period_ms);
    return request;
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, StatsTest, InspectedWays(),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(StatsTest, EveryMethodIsListedAlsoWhenNobodyHasCalledIt) {
  const stats::Snapshot snapshot = List();
  EXPECT_EQ(Of(snapshot, "echo.Echo/Say").begun(), 0U);
  EXPECT_EQ(Of(snapshot, "echo.Echo/Say").latency().count(), 0U);
  std::vector<std::string> names;
  for (const stats::Method& method : snapshot.methods()) names.push_back(method.name());
  EXPECT_TRUE(std::ranges::is_sorted(names));
}

TEST_P(StatsTest, CallsThatSucceedAreCountedWithTheirBytes) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(echo().Say(Saying("12345678")).Wait().ok());
  const stats::Method say = Of("echo.Echo/Say");
  EXPECT_EQ(say.begun(), 5U);
  EXPECT_EQ(say.ok(), 5U);
  EXPECT_EQ(say.open(), 0U);
  EXPECT_EQ(say.bytes_received(), 5U * Saying("12345678").ByteSizeLong());
  EXPECT_EQ(say.bytes_sent(), say.bytes_received());
  EXPECT_EQ(say.latency().count(), 5U);
}

TEST_P(StatsTest, MessagesOfStreamsAreCountedByTheirBytes) {
  auto chat = echo().Chat();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(chat.Write(MakeLine("abc")).Wait());
    ASSERT_NE(chat.Read().Wait(), nullptr);
  }
  const stats::Method method = Of("echo.Echo/Chat");
  EXPECT_EQ(method.open(), 1U);
  EXPECT_EQ(method.bytes_received(), 3U * MakeLine("abc").ByteSizeLong());
  EXPECT_EQ(method.bytes_sent(), method.bytes_received());
}

TEST_P(StatsTest, FailuresAreCountedByTheirCode) {
  for (const auto code :
       {absl::StatusCode::kNotFound, absl::StatusCode::kAborted, absl::StatusCode::kNotFound}) {
    ASSERT_EQ(echo().Fail(FailWith(code, "")).Wait().status().code(), code);
  }
  const stats::Method fail = Of("echo.Echo/Fail");
  ASSERT_EQ(fail.failed_size(), 2);
  EXPECT_EQ(fail.failed(0).code(), static_cast<uint32_t>(absl::StatusCode::kNotFound));
  EXPECT_EQ(fail.failed(0).count(), 2U);
  EXPECT_EQ(fail.failed(1).count(), 1U);
  EXPECT_EQ(fail.ok(), 0U);
}

TEST_P(StatsTest, WhoGaveUpAndWhoRanOutOfTimeAreTwoThings) {
  {
    auto given_up = echo().Sleep(SleepFor(60'000));
    ASSERT_TRUE(Eventually([&] { return server().counters().calls_open == 1; }));
  }
  ASSERT_FALSE(echo().Sleep(SleepFor(60'000), {.timeout = absl::Milliseconds(500)}).Wait().ok());
  stats::Method sleep;
  EXPECT_TRUE(Eventually([&] {
    sleep = Of("echo.Echo/Sleep");
    return sleep.cancelled() + sleep.expired() == 2;
  }));
  EXPECT_GE(sleep.cancelled(), 1U);
  EXPECT_EQ(sleep.begun(), 2U);
  EXPECT_EQ(sleep.latency().count(), 2U);
}

TEST_P(StatsTest, WhatALimitRefusedIsNotAmongWhatBegan) {
  ASSERT_TRUE(server().Limit("echo.Echo/Sleep", 1, 0).ok());
  auto first = echo().Sleep(SleepFor(60'000));
  ASSERT_TRUE(Eventually([&] { return server().counters().calls_open == 1; }));
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(echo().Sleep(SleepFor(0)).Wait().ok());
  const stats::Method sleep = Of("echo.Echo/Sleep");
  EXPECT_EQ(sleep.begun(), 1U);
  EXPECT_EQ(sleep.open(), 1U);
  EXPECT_GE(sleep.refused(), 3U);
}

TEST_P(StatsTest, LatenciesAreThoseThatTheHandlersTook) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(echo().Sleep(SleepFor(5)).Wait().ok());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(echo().Sleep(SleepFor(200)).Wait().ok());
  const Histogram latency = stats::ReadHistogram(Of("echo.Echo/Sleep").latency());
  ASSERT_EQ(latency.count(), 8U);
  EXPECT_GE(latency.Quantile(0.1), 4'900U);
  EXPECT_LT(latency.Quantile(0.1), 150'000U);
  EXPECT_GE(latency.Quantile(0.9), 196'000U);
  EXPECT_LT(latency.Quantile(0.9), 2'000'000U);
  EXPECT_GE(latency.sum(), 820'000U);
}

TEST_P(StatsTest, TheProcessIsThisOne) {
  const stats::Snapshot snapshot = List();
  const stats::Process& process = snapshot.process();
  EXPECT_EQ(process.pid(), static_cast<uint32_t>(getpid()));
  EXPECT_EQ(process.version(), kVersion);
  EXPECT_GT(process.memory_resident_bytes(), 1'000'000U);
  EXPECT_GE(process.memory_peak_bytes(), process.memory_resident_bytes());
  EXPECT_GE(process.threads(), 2U);
  EXPECT_GT(process.cpu_us(), 0U);
  EXPECT_GE(process.descriptors_open(), 3U);
  EXPECT_GT(process.descriptors_max(), process.descriptors_open());
  EXPECT_LT(process.start_unix_us(), snapshot.time_unix_us());
  EXPECT_NEAR(static_cast<double>(snapshot.time_unix_us() - process.start_unix_us()),
              static_cast<double>(process.uptime_us()), 500'000);
}

TEST_P(StatsTest, ConnectionsAndCallsAreThoseOfTheServersCounters) {
  ASSERT_TRUE(echo().Say(Saying("x")).Wait().ok());
  const stats::Snapshot snapshot = List();
  EXPECT_EQ(snapshot.connections().open(), 1U);
  EXPECT_EQ(snapshot.connections().accepted(), 1U);
  EXPECT_EQ(snapshot.calls().begun(), 2U);
  EXPECT_EQ(snapshot.calls().open(), 1U);  // this one
  EXPECT_EQ(snapshot.calls().ok(), 1U);
}

TEST_P(StatsTest, ALoopIsLookedAtAllTheTime) {
  const uint64_t before = List().loops(0).lag().count();
  EXPECT_TRUE(Eventually([&] { return List().loops(0).lag().count() >= before + 3; }));
}

TEST_P(StatsTest, ALoopThatStandsStillLags) {
  server().Use([](ServerContext& context, Next next) -> Task<> {
    if (context.method() == "echo.Echo/Say") absl::SleepFor(absl::Milliseconds(400));
    return next();
  });
  ASSERT_TRUE(echo().Say(Saying("x")).Wait().ok());
  EXPECT_TRUE(
      Eventually([&] { return stats::ReadHistogram(List().loops(0).lag()).Max() >= 250'000; }));
}

TEST_P(StatsTest, AWatcherGetsASnapshotEachPeriod) {
  auto watch = client().Watch(Every(20));
  std::vector<uint64_t> uptimes;
  for (int i = 0; i < 4; ++i) {
    const stats::Snapshot* const snapshot = watch.Read().Wait();
    ASSERT_NE(snapshot, nullptr) << watch.status();
    uptimes.push_back(snapshot->process().uptime_us());
  }
  EXPECT_GE(uptimes.back() - uptimes.front(), 50'000U);
}

TEST_P(StatsTest, APeriodHasToMakeSense) {
  for (const uint32_t period_ms : {1U, 3'600'001U}) {
    auto watch = client().Watch(Every(period_ms));
    EXPECT_EQ(watch.Read().Wait(), nullptr);
    EXPECT_TRUE(absl::IsInvalidArgument(watch.status())) << watch.status();
    EXPECT_THAT(std::string(watch.status().message()), HasSubstr(std::to_string(period_ms)));
  }
}

TEST_P(StatsTest, AWatcherMayLeave) {
  auto watch = client().Watch(Every(3'600'000));
  ASSERT_NE(watch.Read().Wait(), nullptr);
  watch.Cancel();
  EXPECT_TRUE(Eventually([&] { return server().counters().calls_open == 0; }));
}

TEST_P(StatsTest, AWatchEndsWellWhenTheServerShutsDown) {
  auto watch = client().Watch(Every(3'600'000));
  ASSERT_NE(watch.Read().Wait(), nullptr);
  EXPECT_TRUE(ShutsDownAtOnce(&server()));
  EXPECT_EQ(watch.Read().Wait(), nullptr);
  EXPECT_TRUE(watch.status().ok()) << watch.status();
}

TEST_P(StatsTest, TheCallOfAWatcherWhoDoesNotReadNeedNotBeCut) {
  ChannelOptions options;
  options.limits.call_window = options.limits.call_window_max = 64 << 10;
  const Channel channel = MakeChannel(options);
  auto watch = stats::Stats::Client(channel).Watch(Every(10));
  const auto sent = [&] {
    for (const MethodStatistics& method : server().statistics().methods) {
      if (method.name == "stats.Stats/Watch") return method.bytes_sent;
    }
    return uint64_t{0};
  };
  for (uint64_t before = 1; sent() == 0 || sent() != before;) {
    before = sent();
    absl::SleepFor(absl::Milliseconds(200));
  }
  const absl::Status over = server().Shutdown(absl::Milliseconds(500));
  EXPECT_TRUE(over.ok()) << over;
}

TEST(UnmeasuredTest, AServerThatDoesNotMeasureHasNamesOnly) {
  EchoServer server(Way::kInProcess);
  const Channel channel = server.MakeChannel();
  ASSERT_TRUE(echo::Echo::Client(channel).Say(Saying("x")).Wait().ok());
  const ServerStatistics statistics = server.server().statistics();
  ASSERT_FALSE(statistics.methods.empty());
  EXPECT_EQ(statistics.methods[0].name, "echo.Echo/Say");
  EXPECT_EQ(statistics.methods[0].begun, 0U);
  EXPECT_TRUE(statistics.loops.empty());
}

class StatsOfThreadsTest : public StatsTest {
 protected:
  static constexpr int kThreads = 3;
  static constexpr int kCalls = 500;

  StatsOfThreadsTest() : StatsTest({.threads = kThreads}) {}

  static void CallOften(const echo::Echo::Client& client) {
    for (int i = 0; i < kCalls; ++i) EXPECT_TRUE(client.Say(Saying("x")).Wait().ok());
    EXPECT_FALSE(client.Fail(FailWith(absl::StatusCode::kAborted, "")).Wait().ok());
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, StatsOfThreadsTest, InspectedWays(),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(StatsOfThreadsTest, WhatAllLoopsCountedIsAddedUp) {
  EXPECT_EQ(List().loops_size(), kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([client = echo::Echo::Client(MakeChannel())] { CallOften(client); });
  }
  uint64_t begun = 0;
  for (int i = 0; i < 50; ++i) {
    const stats::Method say = Of("echo.Echo/Say");
    EXPECT_GE(say.begun(), begun);
    begun = say.begun();
  }
  for (std::thread& thread : threads) thread.join();
  const stats::Snapshot snapshot = List();
  EXPECT_EQ(Of(snapshot, "echo.Echo/Say").ok(), uint64_t{kThreads * kCalls});
  EXPECT_EQ(Of(snapshot, "echo.Echo/Say").open(), 0U);
  EXPECT_EQ(Of(snapshot, "echo.Echo/Fail").failed(0).count(), uint64_t{kThreads});
}

}  // namespace
}  // namespace rpc
