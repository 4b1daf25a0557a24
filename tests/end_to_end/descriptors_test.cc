// A process that has no file descriptors left: what is open goes on, what waits is not lost.
#include <sys/resource.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/end_to_end/echo_fixture.h"
#include "tests/support/descriptor_limit.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_socket.h"

namespace rpc {
namespace {

using testing::HasSubstr;

// echo.Echo/Say without a text, in JSON.
constexpr std::string_view kCall("\0\0\0\x18{\"name\":\"echo.Echo/Say\"}", 28);

absl::Duration CpuTime() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// A server with one connection of a channel, and clients by hand that have their descriptors
// already: the server alone lacks them.
class DescriptorsTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizers' own checks need descriptors";
#endif
  }

  DescriptorsTest() {
    server_.Serve();
    echo_ = std::make_unique<echo::Echo::Client>(server_.MakeChannel());
    EXPECT_TRUE(Speaks());
    for (int i = 0; i < 10; ++i) clients_.push_back(NewClient());
  }

  RawSocket NewClient() const {
    return RawSocket(GetParam() == Way::kTcp ? RawSocket::Family::kTcp : RawSocket::Family::kUnix);
  }
  bool ConnectAll() {
    for (RawSocket& client : clients_) {
      if (!client.Connect(server_.address())) return false;
    }
    return true;
  }
  void CallFromAll() {
    for (RawSocket& client : clients_) EXPECT_TRUE(client.Send(kCall));
  }
  // A frame in JSON has come: its length, and how its header begins.
  static bool HasReply(RawSocket& client) { return client.Read(5).ends_with("{"); }
  bool Speaks() { return echo_->Say(Saying("x")).Wait().ok(); }
  bool HasFailedToAccept(uint64_t times = 1) {
    return Eventually([&] { return counters().accept_failures >= times; });
  }
  ServerCounters counters() { return server_.server().counters(); }

  EchoServer server_{GetParam()};
  std::unique_ptr<echo::Echo::Client> echo_;
  std::vector<RawSocket> clients_;
};

TEST_P(DescriptorsTest, OpenConnectionsAreServed) {
  const DescriptorLimit none;
  ASSERT_TRUE(ConnectAll());
  ASSERT_TRUE(HasFailedToAccept());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Speaks());
  EXPECT_EQ(counters().connections_open, 1u);
}

TEST_P(DescriptorsTest, WhoWaitsIsServedWhenThereAreSomeAgain) {
  {
    const DescriptorLimit none;
    ASSERT_TRUE(ConnectAll());
    CallFromAll();
    ASSERT_TRUE(HasFailedToAccept());
  }
  for (RawSocket& client : clients_) EXPECT_TRUE(HasReply(client));
  EXPECT_EQ(counters().connections_accepted, 11u);
  EXPECT_EQ(counters().calls_ok, 11u);
}

TEST_P(DescriptorsTest, OneThatIsClosedMakesRoomForOneThatWaits) {
  RawSocket waiting = NewClient();
  RawSocket open = NewClient();
  ASSERT_TRUE(open.Connect(server_.address()));
  ASSERT_TRUE(Eventually([&] { return counters().connections_open == 2; }));
  const DescriptorLimit none;
  ASSERT_TRUE(waiting.Connect(server_.address()));
  ASSERT_TRUE(waiting.Send(kCall));
  ASSERT_TRUE(HasFailedToAccept());
  open.CloseWriting();
  EXPECT_TRUE(HasReply(waiting));
}

TEST_P(DescriptorsTest, TheServerDoesNotSpin) {
  const DescriptorLimit none;
  ASSERT_TRUE(ConnectAll());
  ASSERT_TRUE(HasFailedToAccept());
  const uint64_t failures = counters().accept_failures;
  const absl::Duration before = CpuTime();
  const absl::Time begin = absl::Now();
  absl::SleepFor(absl::Seconds(1));
  EXPECT_LT(CpuTime() - before, absl::Milliseconds(100));
  const uint64_t more = counters().accept_failures - failures;
  // One each 100 ms.
  EXPECT_LE(more, 2 + static_cast<uint64_t>((absl::Now() - begin) / absl::Milliseconds(100)));
}

TEST_P(DescriptorsTest, AServerThatEndsMeanwhileEndsWell) {
  const DescriptorLimit none;
  ASSERT_TRUE(ConnectAll());
  ASSERT_TRUE(HasFailedToAccept());
  EXPECT_TRUE(server_.server().Shutdown(absl::Seconds(5)).ok());
}

TEST_P(DescriptorsTest, AChannelThatCannotConnectSaysWhyAndConnectsLater) {
  const echo::Echo::Client other{
      server_.MakeChannel({.backoff_min = absl::Milliseconds(5), .backoff_max = absl::Seconds(1)})};
  {
    const DescriptorLimit none;
    const absl::Status status = other.Say(Saying("x")).Wait().status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(server_.address()));
    EXPECT_THAT(std::string(status.message()), HasSubstr("too many open files"));
  }
  EXPECT_TRUE(other.Say(Saying("x"), {.wait_for_ready = true}).Wait().ok());
}

TEST_P(DescriptorsTest, AServerThatCannotListenSaysWhy) {
  const DescriptorLimit none;
  const absl::Status status = Server().Listen(
      GetParam() == Way::kTcp ? "tcp://127.0.0.1:0" : "unix:@uvrpc-without-descriptors");
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("too many open files"));
}

INSTANTIATE_TEST_SUITE_P(Over, DescriptorsTest, testing::Values(Way::kTcp, Way::kAbstract),
                         [](const auto& info) { return WayName(info.param); });

}  // namespace
}  // namespace rpc
