// A network that fails without a word, and with one: who finds out, when, and what calls are told.
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/end_to_end/echo_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/proxy.h"

namespace rpc {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kIdle = absl::Milliseconds(300);
constexpr absl::Duration kTimeout = absl::Milliseconds(500);
// Within which the dead are found, on a machine that has other things to do.
constexpr absl::Duration kBound = absl::Seconds(5);

session::Limits Watchful() {
  return {.keepalive_idle_us = static_cast<uint64_t>(absl::ToInt64Microseconds(kIdle)),
          .keepalive_timeout_us = static_cast<uint64_t>(absl::ToInt64Microseconds(kTimeout)),
          .ping_interval_us = 100'000};
}

// A client and a server that each ask the other after 300 ms of silence, and take it for dead
// after 500 ms more.
class DeadPeerTest : public testing::Test {
 protected:
  DeadPeerTest() {
    server_.Serve();
    proxy_ = std::make_unique<Proxy>(server_.address());
  }

  echo::Echo::Client NewClient(const session::Limits& limits) const {
    return echo::Echo::Client{Channel(proxy_->address(), {.backoff_min = absl::Milliseconds(5),
                                                          .backoff_max = absl::Milliseconds(20),
                                                          .limits = limits})};
  }
  // Over a connection that is there.
  echo::Echo::Client Connect(const session::Limits& limits = Watchful()) {
    const echo::Echo::Client echo = NewClient(limits);
    EXPECT_TRUE(echo.Say(Saying("x")).Wait().ok());
    return echo;
  }
  ServerCounters counters() { return server_.server().counters(); }
  bool Eventually(uint64_t ServerCounters::*counter, uint64_t value) {
    return rpc::Eventually([&] { return counters().*counter == value; }, kBound);
  }
  // A call that ends with the connection only, once its handler has begun.
  Call<echo::SayReply> BeginEndless(const echo::Echo::Client& echo) {
    auto call = echo.Sleep(SleepFor(600'000), {.timeout = absl::InfiniteDuration()});
    EXPECT_TRUE(Eventually(&ServerCounters::calls_open, 1));
    return call;
  }

  EchoServer server_{Way::kTcp, {.limits = Watchful()}};
  std::unique_ptr<Proxy> proxy_;
};

TEST_F(DeadPeerTest, CallsEndWhenTheServerIsSilentForTooLong) {
  const echo::Echo::Client echo = Connect();
  auto call = BeginEndless(echo);
  auto numbers = echo.Count(CountTo(2, 600'000));
  ASSERT_NE(numbers.Read().Wait(), nullptr);
  const absl::Time begin = absl::Now();
  proxy_->StopForwarding();
  const absl::Status status = std::move(call).Wait().status();
  const absl::Duration waited = absl::Now() - begin;
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the peer is dead: no byte within 500ms of a PING"));
  EXPECT_GE(waited, kTimeout / 2);
  EXPECT_LE(waited, kBound);
  EXPECT_EQ(numbers.Read().Wait(), nullptr);
  EXPECT_EQ(numbers.status(), status);
}

TEST_F(DeadPeerTest, TheServerCancelsTheCallsOfAClientThatIsSilentForTooLong) {
  const echo::Echo::Client echo = Connect();
  auto call = BeginEndless(echo);
  proxy_->StopForwarding();
  EXPECT_TRUE(Eventually(&ServerCounters::calls_cancelled, 1));
  EXPECT_TRUE(Eventually(&ServerCounters::calls_open, 0));
  EXPECT_TRUE(Eventually(&ServerCounters::connections_open, 0));
  EXPECT_EQ(counters().dead, 1u);
}

TEST_F(DeadPeerTest, TheServerForgetsAnIdleClientThatIsDead) {
  const echo::Echo::Client echo = Connect();
  proxy_->StopForwarding();
  EXPECT_TRUE(Eventually(&ServerCounters::connections_open, 0));
  EXPECT_EQ(counters().dead, 1u);
}

TEST_F(DeadPeerTest, TheChannelConnectsAgainWhenTheNetworkIsBack) {
  const echo::Echo::Client echo = Connect();
  auto call = BeginEndless(echo);
  proxy_->StopForwarding();
  EXPECT_FALSE(std::move(call).Wait().ok());
  auto patient = echo.Say(Saying("again"), {.wait_for_ready = true});
  proxy_->Forward();
  const auto reply = std::move(patient).Wait();
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(counters().connections_accepted, 2u);
}

TEST_F(DeadPeerTest, AShortInterruptionIsNotNoticed) {
  const echo::Echo::Client echo = Connect();
  proxy_->StopForwarding();
  auto call = echo.Say(Saying("wait"));
  absl::SleepFor(absl::Milliseconds(100));
  proxy_->Forward();
  EXPECT_TRUE(std::move(call).Wait().ok());
  EXPECT_EQ(counters().connections_accepted, 1u);
}

TEST_F(DeadPeerTest, AServerThatNeverSaysAnythingIsDeadToo) {
  session::Limits limits = Watchful();
  limits.first_header_timeout_us = 300'000;
  proxy_->StopForwarding();
  const echo::Echo::Client echo = NewClient(limits);
  const absl::Time begin = absl::Now();
  const auto reply = echo.Say(Saying("x"), {.wait_for_ready = true}).Wait();
  EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("no header within 300ms"));
  EXPECT_LE(absl::Now() - begin, kBound);
}

TEST_F(DeadPeerTest, DeadlinesHoldMeanwhile) {
  const echo::Echo::Client echo = Connect(session::Limits());  // it would wait for 40 s
  proxy_->StopForwarding();
  const absl::Time begin = absl::Now();
  const auto reply = echo.Say(Saying("x"), {.timeout = absl::Milliseconds(100)}).Wait();
  EXPECT_TRUE(absl::IsDeadlineExceeded(reply.status())) << reply.status();
  EXPECT_LE(absl::Now() - begin, kBound);
}

TEST_F(DeadPeerTest, AServerThatHearsNothingEndsACallWhoseRepliesArrive) {
  const echo::Echo::Client echo = Connect();
  auto numbers = echo.Count(CountTo(1'000'000, 20));
  ASSERT_NE(numbers.Read().Wait(), nullptr);
  proxy_->StopForwarding(Proxy::kToServer);
  while (numbers.Read().Wait() != nullptr) continue;
  EXPECT_TRUE(absl::IsUnavailable(numbers.status())) << numbers.status();
  EXPECT_TRUE(Eventually(&ServerCounters::connections_open, 0));
}

// Who is alive.

TEST_F(DeadPeerTest, AnIdleConnectionLives) {
  const echo::Echo::Client echo = Connect();
  absl::SleepFor(3 * (kIdle + kTimeout));
  EXPECT_TRUE(echo.Say(Saying("x")).Wait().ok());
  EXPECT_EQ(counters().connections_accepted, 1u);
}

TEST_F(DeadPeerTest, AClientThatOnlyReadsLives) {
  const echo::Echo::Client echo = Connect();
  auto numbers = echo.Count(CountTo(60, 40));
  int count = 0;
  while (numbers.Read().Wait() != nullptr) ++count;
  EXPECT_TRUE(numbers.status().ok()) << numbers.status();
  EXPECT_EQ(count, 60);
  EXPECT_EQ(counters().connections_accepted, 1u);
}

TEST_F(DeadPeerTest, AClientThatOnlyWritesLives) {
  const echo::Echo::Client echo = Connect();
  auto sum = echo.Sum();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(sum.Write(MakeNumber(1)).Wait());
    absl::SleepFor(absl::Milliseconds(40));
  }
  const auto total = std::move(sum).Wait();
  ASSERT_TRUE(total.ok()) << total.status();
  EXPECT_EQ(total->value(), 60);
  EXPECT_EQ(counters().connections_accepted, 1u);
}

// A network that says that it fails.

TEST_F(DeadPeerTest, AReplyThatIsCutEndsTheCall) {
  const echo::Echo::Client echo = Connect();
  proxy_->CutAfter(Proxy::kToClient, 10);
  const absl::Status status = echo.Say(Saying("a longer text")).Wait().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("ended inside a frame"));
  proxy_->Forward();
  EXPECT_TRUE(echo.Say(Saying("x"), {.wait_for_ready = true}).Wait().ok());
}

TEST_F(DeadPeerTest, ARequestThatIsCutReachesNoHandler) {
  const echo::Echo::Client echo = Connect();
  const uint64_t begun = counters().calls_begun;
  proxy_->CutAfter(Proxy::kToServer, 30);
  EXPECT_TRUE(absl::IsUnavailable(echo.Say(Saying("a longer text")).Wait().status()));
  EXPECT_TRUE(Eventually(&ServerCounters::connections_open, 0));
  EXPECT_EQ(counters().calls_begun, begun);
}

TEST_F(DeadPeerTest, AConnectionThatIsClosedEndsItsCallsOnBothSides) {
  const echo::Echo::Client echo = Connect();
  auto call = BeginEndless(echo);
  proxy_->Close();
  EXPECT_TRUE(absl::IsUnavailable(std::move(call).Wait().status()));
  EXPECT_TRUE(Eventually(&ServerCounters::calls_cancelled, 1));
  EXPECT_TRUE(echo.Say(Saying("x"), {.wait_for_ready = true}).Wait().ok());
}

TEST_F(DeadPeerTest, TheEndOfOneDirectionIsTheEndOfTheConnection) {
  for (const Proxy::Direction direction : {Proxy::kToServer, Proxy::kToClient}) {
    const echo::Echo::Client echo = Connect();
    auto call = BeginEndless(echo);
    proxy_->HalfClose(direction);
    EXPECT_TRUE(absl::IsUnavailable(std::move(call).Wait().status())) << direction;
    EXPECT_TRUE(Eventually(&ServerCounters::connections_open, 0)) << direction;
  }
}

}  // namespace
}  // namespace rpc
