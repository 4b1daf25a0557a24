// How long connections live: idle ones, old ones, and many addresses of one server.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"
#include "tests/end_to_end/echo_fixture.h"
#include "tests/end_to_end/way.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

using testing::HasSubstr;

// What a sentence says between two of its parts; less than any duration when it does not say so.
absl::Duration DurationIn(absl::string_view sentence, absl::string_view before,
                          absl::string_view after) {
  const std::vector<std::string> parts = absl::StrSplit(sentence, absl::MaxSplits(before, 1));
  const std::vector<std::string> rest = absl::StrSplit(parts.back(), absl::MaxSplits(after, 1));
  absl::Duration duration;
  return absl::ParseDuration(rest.front(), &duration) ? duration : -absl::InfiniteDuration();
}

class LifetimeTest : public testing::TestWithParam<Way> {
 protected:
  void Serve(const ServerOptions& options) {
    server_ = std::make_unique<EchoServer>(GetParam(), options);
    server_->Serve();
  }

  static bool Say(const Channel& channel) {
    const absl::Status status = echo::Echo::Client(channel).Say(Saying("hello")).Wait().status();
    EXPECT_TRUE(status.ok()) << status;
    return status.ok();
  }

  ServerCounters counters() { return server_->server().counters(); }

  std::unique_ptr<EchoServer> server_;
};

INSTANTIATE_TEST_SUITE_P(Ways, LifetimeTest,
                         testing::Values(Way::kTcp, Way::kTls, Way::kUnix, Way::kInProcess),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(LifetimeTest, AServerClosesAConnectionThatNobodyCallsOver) {
  Serve({.idle_timeout = absl::Milliseconds(50)});
  const Channel channel = server_->MakeChannel();
  ASSERT_TRUE(Say(channel));
  EXPECT_TRUE(Eventually([&] { return counters().connections_open == 0; }));
  EXPECT_EQ(counters().idle, 1u);
  EXPECT_TRUE(Eventually([&] { return channel.state() == ChannelState::kIdle; }));
  EXPECT_TRUE(Say(channel));
  EXPECT_EQ(counters().connections_accepted, 2u);
}

TEST_P(LifetimeTest, NoTimeoutIsNone) {
  Serve({.idle_timeout = absl::ZeroDuration(), .connection_age_max = absl::ZeroDuration()});
  const Channel channel = server_->MakeChannel({.idle_timeout = absl::ZeroDuration()});
  ASSERT_TRUE(Say(channel));
  ASSERT_TRUE(Say(channel));
  EXPECT_EQ(counters().connections_accepted, 1u);
}

TEST_P(LifetimeTest, AnOpenCallKeepsItsConnection) {
  Serve({.idle_timeout = absl::Milliseconds(20)});
  const Channel channel = server_->MakeChannel();
  const auto reply = echo::Echo::Client(channel).Sleep(SleepFor(200)).Wait();
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(counters().connections_accepted, 1u);
}

TEST_P(LifetimeTest, AClientClosesAConnectionThatItDoesNotUse) {
  Serve({});
  const Channel channel = server_->MakeChannel({.idle_timeout = absl::Milliseconds(50)});
  ASSERT_TRUE(Say(channel));
  EXPECT_TRUE(Eventually([&] { return counters().connections_open == 0; }));
  EXPECT_EQ(counters().idle, 0u);
  EXPECT_TRUE(Eventually([&] { return channel.state() == ChannelState::kIdle; }));
  EXPECT_TRUE(Say(channel));
}

// Calls follow each other without a pause while connection after connection gets too old.
TEST_P(LifetimeTest, NoCallIsLostWhenConnectionsGetTooOld) {
  Serve({.connection_age_max = absl::Milliseconds(30)});
  const Channel channel = server_->MakeChannel();
  const absl::Time begin = absl::Now();
  int calls = 0;
  while (absl::Now() < begin + absl::Milliseconds(600) || counters().aged < 5) {
    ASSERT_TRUE(Say(channel)) << "call " << calls;
    ASSERT_LT(absl::Now(), begin + absl::Seconds(30)) << counters().aged;
    ++calls;
  }
  EXPECT_EQ(counters().calls_ok, static_cast<uint64_t>(calls));
}

TEST(AddressesTest, OneServerListensOnAllOfThem) {
  Server server({.threads = 2});
  server.Add(std::make_shared<echo::EchoService>());
  std::vector<Way> ways = StreamWays();
  ways.push_back(Way::kUdp);
  std::vector<std::string> addresses;
  for (const Way way : ways) addresses.push_back(ListenOver(way, &server));
  ASSERT_TRUE(server.Start().ok());
  for (size_t i = 0; i < ways.size(); ++i) {
    const Channel channel = ChannelOver(ways[i], &server, addresses[i], {});
    const auto reply = echo::Echo::Client(channel).Say(Saying(addresses[i])).Wait();
    EXPECT_TRUE(reply.ok()) << WayName(ways[i]) << ": " << reply.status();
    EXPECT_TRUE(reply.ok() && reply->text() == addresses[i]);
  }
}

TEST(AddressesTest, OnePortIsForTcpAndForUdp) {
  Server server;
  server.Add(std::make_shared<echo::EchoService>());
  ASSERT_TRUE(server.Listen("tcp://127.0.0.1:0").ok());
  const std::string tcp = server.addresses().front();
  ASSERT_TRUE(server.Listen("udp" + tcp.substr(3)).ok());
  ASSERT_TRUE(server.Start().ok());
  for (const std::string& address : server.addresses()) {
    EXPECT_TRUE(echo::Echo::Client(Channel(address)).Say(Saying("hello")).Wait().ok()) << address;
  }
}

TEST(AddressesTest, AnyAddressOfThisMachineAnswersFromWhereItWasAsked) {
  Server server;
  server.Add(std::make_shared<echo::EchoService>());
  ASSERT_TRUE(server.Listen("udp://*:0").ok());
  ASSERT_TRUE(server.Start().ok());
  const std::string port = server.addresses().front().substr(8);
  for (const char* host : {"udp://127.0.0.1:", "udp://127.0.0.2:", "udp://localhost:"}) {
    const auto reply = echo::Echo::Client(Channel(host + port)).Say(Saying("hello")).Wait();
    EXPECT_TRUE(reply.ok()) << host << port << ": " << reply.status();
  }
}

// The system may give one port for datagrams to several that share.
TEST(AddressesTest, APortForDatagramsThatWasPickedIsForOneServer) {
  std::set<std::string> addresses;
  std::vector<std::unique_ptr<Server>> servers;
  for (int i = 0; i < 300; ++i) {
    servers.push_back(std::make_unique<Server>(ServerOptions{.threads = 2}));
    ASSERT_TRUE(servers.back()->Listen("udp://127.0.0.1:0").ok());
    EXPECT_TRUE(addresses.insert(servers.back()->addresses().front()).second);
  }
}

TEST(AddressesTest, APortIsFreeWhenItsServerHasShutDown) {
  for (const std::string scheme : {"tcp", "udp"}) {
    Server first({.threads = 2});
    ASSERT_TRUE(first.Listen(scheme + "://127.0.0.1:0").ok());
    ASSERT_TRUE(first.Start().ok());
    const std::string address = first.addresses().front();
    ASSERT_TRUE(first.Shutdown(absl::Seconds(1)).ok());
    EXPECT_TRUE(Eventually([&] { return Server().Listen(address).ok(); })) << address;
  }
}

TEST(AddressesTest, WhoAsksWhereNobodyListensIsToldSoAtTheDeadline) {
  std::string address;
  {
    Server gone;
    ASSERT_TRUE(gone.Listen("udp://127.0.0.1:0").ok());
    address = gone.addresses().front();
  }
  const echo::Echo::Client echo{Channel(address)};
  const absl::Status status =
      echo.Say(Saying("anybody?"), {.timeout = absl::Milliseconds(200)}).Wait().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(address + ": connection refused"));
}

// What the protocol allows is less than what was asked for.
TEST(AddressesTest, ACallByDatagramsTellsHowLongItHasWaited) {
  Server server;
  server.Add(std::make_shared<echo::EchoService>());
  ASSERT_TRUE(server.Listen("udp://127.0.0.1:0").ok());
  ASSERT_TRUE(server.Start().ok());
  const Channel channel(server.addresses().front(), {.datagrams = {.timeout_us_max = 100'000}});
  const absl::Time begin = absl::Now();
  const absl::Status status = echo::Echo::Client(channel)
                                  .Sleep(SleepFor(10'000), {.timeout = absl::InfiniteDuration()})
                                  .Wait()
                                  .status();
  const absl::Duration waited = absl::Now() - begin;
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  const absl::Duration told = DurationIn(status.message(), "deadline passed after ", ",");
  EXPECT_GE(told, absl::Milliseconds(100)) << status;
  EXPECT_LE(told, waited) << status;
}

TEST(AddressesTest, APortThatIsTakenIsToldWithTheAddress) {
  for (const std::string scheme : {"tcp", "udp"}) {
    for (const int threads : {1, 2}) {
      Server first({.threads = threads});
      Server second({.threads = threads});
      ASSERT_TRUE(first.Listen(scheme + "://127.0.0.1:0").ok());
      const std::string address = first.addresses().front();
      const absl::Status taken = second.Listen(address);
      EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists) << taken;
      EXPECT_THAT(std::string(taken.message()), HasSubstr(address));
    }
  }
}

TEST(AddressesTest, AnOptionThatTheSystemDoesNotHaveIsNamed) {
  Server server;
  const absl::Status status =
      server.Listen("tcp://127.0.0.1:0", {.socket = {.congestion = "no-such-algorithm"}});
  EXPECT_THAT(std::string(status.message()), HasSubstr("TCP_CONGESTION"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("tcp://127.0.0.1:"));
}

}  // namespace
}  // namespace rpc
