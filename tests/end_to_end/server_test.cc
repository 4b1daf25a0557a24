// What a server is told to do besides serving: interceptors, limits, threads, counters, addresses.
#include <pthread.h>

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/end_to_end/echo_fixture.h"

namespace rpc {
namespace {

using testing::HasSubstr;

// Waits, for at most five seconds, until it is so.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return false;
}

class ServerTest : public testing::Test {
 protected:
  echo::Echo::Client Serve(const ChannelOptions& options = {}) {
    server_.Serve();
    return echo::Echo::Client(server_.MakeChannel(options));
  }
  void StartOver(const ServerOptions& options) { server_ = EchoServer(Way::kTcp, options); }

  EchoServer server_{Way::kTcp};
};

TEST_F(ServerTest, SaysThatItsThreadsCannotBeStarted) {
  pthread_attr_t usual;
  pthread_attr_t huge;
  pthread_getattr_default_np(&usual);
  pthread_getattr_default_np(&huge);
  pthread_attr_setstacksize(&huge, size_t{1} << 46);
  StartOver({.threads = 4});
  pthread_setattr_default_np(&huge);
  const absl::Status status = server_.server().Start();
  pthread_setattr_default_np(&usual);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(" of 4 for the server: Resource temporarily unavailable"));
  EXPECT_TRUE(server_.server().Wait().ok());
}

TEST_F(ServerTest, InterceptorsSurroundEachCallFromTheOutside) {
  std::vector<std::string> told;
  for (const std::string name : {"outer", "inner"}) {
    server_.server().Use([name, &told](ServerContext& context, Next next) -> Task<> {
      told.push_back(name + " " + std::string(context.method()));
      absl::Status status = co_await next();
      told.push_back(name + " " + status.ToString());
      co_return status;
    });
  }
  EXPECT_TRUE(Serve().Say(Saying("x")).Wait().ok());
  EXPECT_THAT(told, testing::ElementsAre("outer echo.Echo/Say", "inner echo.Echo/Say", "inner OK",
                                         "outer OK"));
}

TEST_F(ServerTest, AnInterceptorRefusesWhoHasNoToken) {
  server_.server().Use([](ServerContext& context, Next next) -> Task<> {
    if (context.metadata().Get("token") != "1234") {
      co_return absl::UnauthenticatedError("no token");
    }
    co_return co_await next();
  });
  const echo::Echo::Client echo = Serve();
  EXPECT_EQ(echo.Say(Saying("x")).Wait().status(), absl::UnauthenticatedError("no token"));
  Metadata metadata;
  metadata.Add("token", "1234");
  EXPECT_TRUE(echo.Say(Saying("x"), {.metadata = &metadata}).Wait().ok());
  const auto refused = echo.Count(CountTo(3)).Read().Wait();
  EXPECT_EQ(refused, nullptr);
}

TEST_F(ServerTest, AMethodBeyondItsLimitWaitsAndThenIsRefused) {
  ASSERT_TRUE(server_.server().Limit("echo.Echo/Sleep", 1, 1).ok());
  const echo::Echo::Client echo = Serve();
  auto handled = echo.Sleep(SleepFor(1'000));
  auto waiting = echo.Sleep(SleepFor(1));
  auto refused = echo.Sleep(SleepFor(1), {.timeout = absl::Milliseconds(700)});
  const absl::Status status = std::move(refused).Wait().status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("echo.Echo/Sleep handles 1 calls at once"));
  EXPECT_TRUE(echo.Say(Saying("another method")).Wait().ok());
  EXPECT_TRUE(std::move(handled).Wait().ok());
  EXPECT_TRUE(std::move(waiting).Wait().ok());
}

TEST_F(ServerTest, ACallThatIsGivenUpWhileItWaitsLeavesTheQueue) {
  ASSERT_TRUE(server_.server().Limit("echo.Echo/Sleep", 1, 1).ok());
  const echo::Echo::Client echo = Serve();
  auto handled = echo.Sleep(SleepFor(300));
  const auto given_up = echo.Sleep(SleepFor(1), {.timeout = absl::Milliseconds(20)}).Wait();
  EXPECT_TRUE(absl::IsDeadlineExceeded(given_up.status())) << given_up.status();
  auto waiting = echo.Sleep(SleepFor(1));
  EXPECT_TRUE(std::move(waiting).Wait().ok());
  EXPECT_TRUE(std::move(handled).Wait().ok());
}

TEST_F(ServerTest, TheWholeServerHasALimitToo) {
  StartOver({.threads = 2, .calls_max = 2, .calls_waiting_max = 100});
  const echo::Echo::Client echo = Serve({.connections = 4});
  const absl::Time begin = absl::Now();
  std::vector<Call<echo::SayReply>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(echo.Sleep(SleepFor(50)));
  for (auto& call : calls) EXPECT_TRUE(std::move(call).Wait().ok());
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
}

TEST_F(ServerTest, ALimitForAMethodThatIsNotThereIsAnError) {
  const absl::Status status = server_.server().Limit("echo.Echo/Shout", 1);
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("echo.Echo/Shout"));
}

TEST_F(ServerTest, TheCountersTellWhatHappened) {
  const echo::Echo::Client echo = Serve();
  EXPECT_TRUE(echo.Say(Saying("x")).Wait().ok());
  EXPECT_FALSE(echo.Fail(FailWith(absl::StatusCode::kAborted, "x")).Wait().ok());
  auto late = echo.Sleep(SleepFor(10'000), {.timeout = absl::Milliseconds(500)});
  ASSERT_TRUE(Eventually([&] { return server_.server().counters().calls_begun == 3; }));
  EXPECT_FALSE(std::move(late).Wait().ok());
  ASSERT_TRUE(Eventually([&] { return server_.server().counters().calls_open == 0; }));
  const ServerCounters counters = server_.server().counters();
  EXPECT_EQ(counters.connections_accepted, 1u);
  EXPECT_EQ(counters.connections_open, 1u);
  EXPECT_EQ(counters.calls_begun, 3u);
  EXPECT_EQ(counters.calls_ok, 1u);
  EXPECT_EQ(counters.calls_failed, 1u);
  EXPECT_EQ(counters.calls_cancelled, 1u);
}

TEST_F(ServerTest, ThreadsShareTheConnections) {
  StartOver({.threads = 2});
  std::mutex mutex;
  std::set<std::thread::id> threads;
  server_.server().Use([&](ServerContext&, Next next) -> Task<> {
    {
      std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    co_return co_await next();
  });
  server_.Serve();
  for (int i = 0; i < 40; ++i) {
    const echo::Echo::Client echo(server_.MakeChannel());
    ASSERT_TRUE(echo.Say(Saying("x")).Wait().ok());
  }
  EXPECT_EQ(threads.size(), 2u);
}

TEST_F(ServerTest, AnAddressInUseIsNamed) {
  server_.Serve();
  Server other;
  const absl::Status status = other.Listen(server_.address());
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(server_.address()));
}

TEST_F(ServerTest, ListensOnSeveralAddresses) {
  ASSERT_TRUE(server_.server().Listen("tcp://127.0.0.1:0").ok());
  server_.Serve();
  for (const std::string& address : server_.server().addresses()) {
    const echo::Echo::Client echo{Channel(address)};
    EXPECT_TRUE(echo.Say(Saying("x")).Wait().ok()) << address;
  }
  EXPECT_EQ(server_.server().addresses().size(), 2u);
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreClosed) {
  StartOver({.connections_max = 1});
  const echo::Echo::Client first = Serve();
  ASSERT_TRUE(first.Say(Saying("x")).Wait().ok());
  const echo::Echo::Client second(server_.MakeChannel());
  EXPECT_TRUE(absl::IsUnavailable(second.Say(Saying("x")).Wait().status()));
  EXPECT_GE(server_.server().counters().connections_refused, 1u);
  EXPECT_TRUE(first.Say(Saying("x")).Wait().ok());
}

TEST_F(ServerTest, StartsOnce) {
  server_.Serve();
  EXPECT_TRUE(absl::IsFailedPrecondition(server_.server().Start()));
}

// Draining.

TEST_F(ServerTest, AShutdownLetsOpenCallsFinish) {
  const echo::Echo::Client echo = Serve();
  auto open = echo.Sleep(SleepFor(200));
  ASSERT_TRUE(Eventually([&] { return server_.server().counters().calls_open == 1; }));
  EXPECT_TRUE(server_.server().Shutdown(absl::Seconds(5)).ok());
  EXPECT_TRUE(std::move(open).Wait().ok());
}

TEST_F(ServerTest, AShutdownCancelsWhatTakesTooLong) {
  const echo::Echo::Client echo = Serve();
  auto open = echo.Sleep(SleepFor(60'000), {.timeout = absl::InfiniteDuration()});
  ASSERT_TRUE(Eventually([&] { return server_.server().counters().calls_open == 1; }));
  const absl::Status status = server_.server().Shutdown(absl::Milliseconds(50));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("shut down: 1"));
  EXPECT_TRUE(absl::IsUnavailable(std::move(open).Wait().status()));
}

TEST_F(ServerTest, ADrainedServerTakesNoNewConnections) {
  server_.Serve();
  ASSERT_TRUE(server_.server().Shutdown(absl::Seconds(1)).ok());
  const echo::Echo::Client echo{Channel(server_.address())};
  EXPECT_TRUE(absl::IsUnavailable(echo.Say(Saying("x")).Wait().status()));
}

TEST_F(ServerTest, WaitOnALoopOfItsOwnIsRefused) {
  absl::Status waited;
  server_.server().Use([&](ServerContext&, Next next) -> Task<> {
    waited = server_.server().Wait();
    co_return co_await next();
  });
  EXPECT_TRUE(Serve().Say(Saying("x")).Wait().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(waited)) << waited;
}

// Calls that hurry through a server that goes away: none that was accepted is lost.
TEST_F(ServerTest, AShutdownUnderLoadLosesNoCall) {
  StartOver({.threads = 2});
  const echo::Echo::Client echo = Serve({.connections = 4});
  std::atomic<bool> stop{false};
  std::atomic<int> ok{0};
  std::atomic<int> lost{0};
  std::vector<std::string> reasons;
  rpc::Run([&]() -> Task<void> {
    auto caller = [&]() -> Task<void> {
      while (!stop) {
        absl::StatusOr<echo::SayReply> reply = co_await echo.Say(Saying("x"));
        if (reply.ok()) {
          ++ok;
        } else if (absl::StrContains(reply.status().message(), "cannot connect") ||
                   absl::StrContains(reply.status().message(), "draining")) {
          stop = true;  // it never was accepted
        } else {
          ++lost;
          reasons.push_back(reply.status().ToString());
        }
        if (ok == 2'000) server_.server().StartShutdown(absl::Seconds(5));
      }
    };
    std::vector<Task<void>> callers;
    for (int i = 0; i < 64; ++i) callers.push_back(caller());
    co_await WhenAll(std::move(callers));
  });
  EXPECT_GE(ok, 2'000);
  EXPECT_EQ(lost, 0) << testing::PrintToString(reasons);
  EXPECT_EQ(server_.server().Wait(), absl::OkStatus());
}

}  // namespace
}  // namespace rpc
