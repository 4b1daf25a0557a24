// What a server says of its health, and to whom it tells when that changes.
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
#include "services/health/health.rpc.h"
#include "tests/services/inspection/inspected_server.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

using health::CheckReply;
using health::NOT_SERVING;
using health::SERVING;
using testing::ElementsAre;

health::CheckRequest Of(const std::string& service) {
  health::CheckRequest request;
  request.set_service(service);
  return request;
}

class HealthTest : public InspectedTest {
 protected:
  using InspectedTest::InspectedTest;

  health::Health::Client client() { return health::Health::Client(channel()); }
  // The state, or the failure.
  std::string Check(const std::string& service) {
    const absl::StatusOr<CheckReply> reply = client().Check(Of(service)).Wait();
    return reply.ok() ? State_Name(reply->state()) : reply.status().ToString();
  }
  static std::string Next(ReadCall<CheckReply>* watch) {
    const CheckReply* const reply = watch->Read().Wait();
    return reply != nullptr ? State_Name(reply->state()) : "the end: " + watch->status().ToString();
  }
  uint64_t BytesSentBy(const std::string& method) {
    for (const MethodStatistics& each : server().statistics().methods) {
      if (each.name == method) return each.bytes_sent;
    }
    return 0;
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, HealthTest, InspectedWays(),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(HealthTest, AServerIsServingUntilItSaysOtherwise) {
  EXPECT_EQ(Check(""), "SERVING");
  EXPECT_EQ(Check("echo.Echo"), "SERVING");
}

TEST_P(HealthTest, AServiceThatThereIsNotIsNotFound) {
  EXPECT_EQ(Check("echo.Ecco"), "NOT_FOUND: this server has no service \"echo.Ecco\"");
  auto watch = client().Watch(Of("echo.Ecco"));
  EXPECT_EQ(Next(&watch), "the end: NOT_FOUND: this server has no service \"echo.Ecco\"");
}

TEST_P(HealthTest, OneServiceMayBeUnwell) {
  health_->Set("echo.Echo", false);
  EXPECT_EQ(Check("echo.Echo"), "NOT_SERVING");
  EXPECT_EQ(Check("stats.Stats"), "SERVING");
  EXPECT_EQ(Check(""), "SERVING");
  health_->Set("echo.Echo", true);
  EXPECT_EQ(Check("echo.Echo"), "SERVING");
}

TEST_P(HealthTest, NoServiceIsWellWhenTheServerIsNot) {
  health_->Set("", false);
  EXPECT_EQ(Check(""), "NOT_SERVING");
  EXPECT_EQ(Check("echo.Echo"), "NOT_SERVING");
}

TEST_P(HealthTest, AnApplicationMakesNamesUp) {
  EXPECT_THAT(Check("database"), testing::StartsWith("NOT_FOUND"));
  health_->Set("database", false);
  EXPECT_EQ(Check("database"), "NOT_SERVING");
}

TEST_P(HealthTest, AllAreListedTheServerFirst) {
  health_->Set("database", false);
  const auto list = client().List({}).Wait();
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<std::string> entries;
  for (const health::Entry& entry : list->entries()) {
    entries.push_back(entry.service() + " " + State_Name(entry.state()));
  }
  EXPECT_THAT(entries, ElementsAre(" SERVING", "database NOT_SERVING", "echo.Echo SERVING",
                                   "health.Health SERVING", "reflection.Reflection SERVING",
                                   "stats.Stats SERVING"));
}

TEST_P(HealthTest, AWatcherHearsTheStateAtOnceAndThenEachChange) {
  auto watch = client().Watch(Of("echo.Echo"));
  EXPECT_EQ(Next(&watch), "SERVING");
  health_->Set("echo.Echo", true);
  health_->Set("other", false);
  health_->Set("echo.Echo", false);
  EXPECT_EQ(Next(&watch), "NOT_SERVING");
  health_->Set("echo.Echo", true);
  EXPECT_EQ(Next(&watch), "SERVING");
}

TEST_P(HealthTest, AWatcherMayLeave) {
  auto watch = client().Watch(Of(""));
  EXPECT_EQ(Next(&watch), "SERVING");
  watch.Cancel();
  EXPECT_TRUE(Eventually([&] { return server().counters().calls_open == 0; }));
  health_->Set("", false);
  EXPECT_EQ(Check(""), "NOT_SERVING");
}

TEST_P(HealthTest, AShutdownIsToldAndNotHeldUp) {
  auto watch = client().Watch(Of("echo.Echo"));
  EXPECT_EQ(Next(&watch), "SERVING");
  EXPECT_TRUE(ShutsDownAtOnce(&server()));
  EXPECT_EQ(Next(&watch), "NOT_SERVING");
  EXPECT_EQ(Next(&watch), "the end: OK");
}

TEST_P(HealthTest, AServerThatDrainsIsNotServing) {
  auto slow = echo().Sleep(SleepFor(60'000));
  ASSERT_TRUE(Eventually([&] { return server().counters().calls_open == 1; }));
  auto watch = client().Watch(Of(""));
  EXPECT_EQ(Next(&watch), "SERVING");
  server().StartShutdown(absl::Seconds(20));
  EXPECT_EQ(Next(&watch), "NOT_SERVING");
  EXPECT_EQ(Next(&watch), "the end: OK");
  slow.Cancel();
  EXPECT_TRUE(server().Wait().ok());
}

// It is told so much that nothing more fits, and reads nothing.
TEST_P(HealthTest, TheCallOfAWatcherWhoDoesNotReadNeedNotBeCut) {
  ChannelOptions options;
  options.limits.call_window = options.limits.call_window_max = 64 << 10;
  const Channel channel = MakeChannel(options);
  auto watch = health::Health::Client(channel).Watch(Of("echo.Echo"));
  for (uint64_t sent = 0, before = 1; sent != before || sent == 0;) {
    before = sent;
    for (int i = 0; i < 1'000; ++i) {
      health_->Set("echo.Echo", i % 2 == 0);
      absl::SleepFor(absl::Microseconds(100));
    }
    sent = BytesSentBy("health.Health/Watch");
  }
  const absl::Status over = server().Shutdown(absl::Milliseconds(500));
  EXPECT_TRUE(over.ok()) << over;
}

class HealthOfThreadsTest : public HealthTest {
 protected:
  HealthOfThreadsTest() : HealthTest({.threads = 3}) {}
};

INSTANTIATE_TEST_SUITE_P(Ways, HealthOfThreadsTest, InspectedWays(),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(HealthOfThreadsTest, WatchersOnEveryLoopHearWhatAnyThreadSays) {
  std::vector<Channel> channels;
  std::vector<ReadCall<CheckReply>> watches;
  for (int i = 0; i < 9; ++i) {
    channels.push_back(MakeChannel());
    watches.push_back(health::Health::Client(channels.back()).Watch(Of("echo.Echo")));
    EXPECT_EQ(Next(&watches.back()), "SERVING");
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 200; ++j) health_->Set("echo.Echo", (i + j) % 2 == 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  health_->Set("echo.Echo", true);
  health_->Set("", false);
  for (auto& watch : watches) {
    std::string last = Next(&watch);
    while (last != "NOT_SERVING" || Check("echo.Echo") != last) last = Next(&watch);
  }
  EXPECT_TRUE(ShutsDownAtOnce(&server()));
}

}  // namespace
}  // namespace rpc
