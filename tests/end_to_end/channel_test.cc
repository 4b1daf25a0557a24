// What a channel does besides calling: connecting, pausing, repeating, waiting, interceptors.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"
#include "tests/end_to_end/echo_fixture.h"
#include "tests/support/descriptors.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

using testing::HasSubstr;

// Connections to it come about, and nobody answers.
class SilentListener {
 public:
  SilentListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_, any, size), 0);
    EXPECT_EQ(listen(fd_, 128), 0);
    EXPECT_EQ(getsockname(fd_, any, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentListener() { close(fd_); }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  const int fd_;
  int port_ = 0;
};

class ChannelTest : public testing::Test {
 protected:
  // A server at an address that was free a moment ago.
  std::unique_ptr<Server> ServeAt(const std::string& address) {
    auto server = std::make_unique<Server>();
    server->Add(std::make_shared<echo::EchoService>());
    const absl::Status listened = server->Listen(address);
    EXPECT_TRUE(listened.ok()) << listened;
    address_ = server->addresses().front();
    EXPECT_TRUE(server->Start().ok());
    return server;
  }
  std::unique_ptr<Server> Serve() { return ServeAt("tcp://127.0.0.1:0"); }
  // An address where nobody listens.
  std::string FreeAddress() {
    Serve();
    return address_;
  }

  std::string address_;
};

TEST_F(ChannelTest, ConnectsWithTheFirstCall) {
  const auto server = Serve();
  const Channel channel(address_);
  EXPECT_EQ(channel.state(), ChannelState::kIdle);
  EXPECT_TRUE(echo::Echo::Client(channel).Say(Saying("x")).Wait().ok());
  EXPECT_EQ(channel.state(), ChannelState::kReady);
}

TEST_F(ChannelTest, NamesTheAddressThatNobodyListensOn) {
  const Channel channel(FreeAddress());
  const absl::Status status = echo::Echo::Client(channel).Say(Saying("x")).Wait().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(address_));
  EXPECT_THAT(std::string(status.message()), HasSubstr("refused"));
  EXPECT_EQ(channel.state(), ChannelState::kBackoff);
}

TEST_F(ChannelTest, FailsAtOnceWhileItPauses) {
  const echo::Echo::Client echo{
      Channel(FreeAddress(), {.backoff_min = absl::Seconds(30), .backoff_max = absl::Seconds(60)})};
  EXPECT_FALSE(echo.Say(Saying("x")).Wait().ok());
  const absl::Time begin = absl::Now();
  EXPECT_TRUE(absl::IsUnavailable(echo.Say(Saying("x")).Wait().status()));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
}

TEST_F(ChannelTest, ACallThatIsPatientWaitsForTheServer) {
  const std::string address = FreeAddress();
  const echo::Echo::Client echo{Channel(
      address, {.backoff_min = absl::Milliseconds(5), .backoff_max = absl::Milliseconds(20)})};
  auto patient = echo.Say(Saying("x"), {.wait_for_ready = true});
  EXPECT_FALSE(echo.Say(Saying("x")).Wait().ok());
  const auto server = ServeAt(address);
  EXPECT_TRUE(std::move(patient).Wait().ok());
}

TEST_F(ChannelTest, APatientCallEndsWithItsDeadline) {
  const echo::Echo::Client echo{Channel(FreeAddress())};
  const absl::Status status =
      echo.Say(Saying("x"), {.timeout = absl::Milliseconds(50), .wait_for_ready = true})
          .Wait()
          .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("while"));
}

TEST_F(ChannelTest, ConnectsAgainWhenTheServerComesBack) {
  auto server = Serve();
  const std::string address = address_;
  const echo::Echo::Client echo{Channel(
      address, {.backoff_min = absl::Milliseconds(5), .backoff_max = absl::Milliseconds(20)})};
  ASSERT_TRUE(echo.Say(Saying("x")).Wait().ok());
  server = nullptr;
  server = ServeAt(address);
  EXPECT_TRUE(echo.Say(Saying("x"), {.wait_for_ready = true}).Wait().ok());
}

TEST_F(ChannelTest, ACallForAnUnreadableAddressSaysWhy) {
  const absl::Status status =
      echo::Echo::Client{Channel("http://x:1")}.Say(Saying("x")).Wait().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("http"));
}

TEST_F(ChannelTest, ManyConnectionsTakeTurns) {
  const auto server = Serve();
  const echo::Echo::Client echo{Channel(address_, {.connections = 3})};
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(echo.Say(Saying("x")).Wait().ok());
  EXPECT_EQ(server->counters().connections_accepted, 3u);
}

TEST_F(ChannelTest, AConnectionForEachCallIsClosedAfterIt) {
  const auto server = Serve();
  const echo::Echo::Client echo{Channel(address_, {.connection_per_call = true})};
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(echo.Say(Saying("x")).Wait().ok());
  auto numbers = echo.Count(CountTo(3));
  while (numbers.Read().Wait() != nullptr) continue;
  EXPECT_TRUE(numbers.status().ok()) << numbers.status();
  EXPECT_EQ(server->counters().connections_accepted, 11u);
  for (int i = 0; i < 1'000 && server->counters().connections_open > 0; ++i) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(server->counters().connections_open, 0u);
}

// Its handshake is never answered.
TEST_F(ChannelTest, AConnectionForACallThatIsGivenUpIsGivenUpToo) {
  const SilentListener silent;
  const Tls tls = *Tls::Client({});
  const echo::Echo::Client echo{
      Channel("tls://" + silent.address(),
              {.connect_timeout = absl::Seconds(30), .connection_per_call = true, .tls = &tls})};
  constexpr int kCalls = 50;
  rpc::Run([]() -> Task<void> { co_return; });  // the loop has its descriptors
  const ptrdiff_t before = CountDescriptors();
  auto patient = echo.Say(Saying("x"), {.timeout = absl::InfiniteDuration()});
  std::vector<Call<echo::SayReply>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(echo.Say(Saying("x"), {.timeout = absl::Milliseconds(300)}));
  }
  EXPECT_TRUE(Eventually([&] { return CountDescriptors() > before + kCalls; }));
  for (Call<echo::SayReply>& call : calls) {
    const absl::Status status = std::move(call).Wait().status();
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  }
  EXPECT_TRUE(Eventually([&] { return CountDescriptors() == before + 1; }));
  patient.Cancel();
  EXPECT_TRUE(absl::IsCancelled(std::move(patient).Wait().status()));
  EXPECT_TRUE(Eventually([&] { return CountDescriptors() == before; }));
}

TEST_F(ChannelTest, ACallRefusedUnseenIsRepeated) {
  auto server = std::make_unique<Server>();
  server->Add(std::make_shared<echo::EchoService>());
  ASSERT_TRUE(server->Limit("echo.Echo/Sleep", 1, 0).ok());
  ASSERT_TRUE(server->Listen("tcp://127.0.0.1:0").ok());
  ASSERT_TRUE(server->Start().ok());
  const echo::Echo::Client echo{Channel(server->addresses().front())};
  // On a busy machine the second may come when the first is over, or be repeated while it is not.
  uint64_t refused = 0;
  for (int round = 0; refused != 1; ++round) {
    ASSERT_LT(round, 100);
    const uint64_t before = server->counters().calls_refused;
    auto first = echo.Sleep(SleepFor(3));
    auto second = echo.Sleep(SleepFor(1));  // refused, and repeated after 5 ms at least
    EXPECT_TRUE(std::move(first).Wait().ok());
    const auto reply = std::move(second).Wait();
    refused = server->counters().calls_refused - before;
    ASSERT_LE(refused, 2u);
    EXPECT_EQ(reply.status().code(),
              refused == 2 ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kOk);
  }
}

TEST_F(ChannelTest, InterceptorsSurroundEachCall) {
  const auto server = Serve();
  Channel channel(address_);
  std::vector<std::string> told;
  channel.Use([&](ClientContext& context, ClientNext next) -> Task<> {
    told.push_back(std::string(context.method()));
    absl::Status status = co_await next();
    told.push_back(status.ToString());
    co_return status;
  });
  const echo::Echo::Client echo(channel);
  EXPECT_TRUE(echo.Say(Saying("x")).Wait().ok());
  EXPECT_FALSE(echo.Fail(FailWith(absl::StatusCode::kAborted, "no")).Wait().ok());
  EXPECT_THAT(told, testing::ElementsAre("echo.Echo/Say", "OK", "echo.Echo/Fail", "ABORTED: no"));
}

TEST_F(ChannelTest, AnInterceptorMayRefuseAndChangeTheStatus) {
  const auto server = Serve();
  Channel refusing(address_);
  refusing.Use([](ClientContext&, ClientNext) -> Task<> { return absl::AbortedError("not now"); });
  EXPECT_EQ(echo::Echo::Client(refusing).Say(Saying("x")).Wait().status(),
            absl::AbortedError("not now"));
  EXPECT_EQ(server->counters().calls_begun, 0u);
  Channel changing(address_);
  changing.Use([](ClientContext&, ClientNext next) -> Task<> {
    absl::Status status = co_await next();
    co_return status.ok() ? absl::DataLossError("changed") : status;
  });
  EXPECT_EQ(echo::Echo::Client(changing).Say(Saying("x")).Wait().status(),
            absl::DataLossError("changed"));
}

TEST_F(ChannelTest, AThreadWaitsUntilItIsReady) {
  const auto server = Serve();
  const Channel channel(address_);
  EXPECT_TRUE(channel.WaitUntilReady(absl::Seconds(5)).ok());
  EXPECT_EQ(channel.state(), ChannelState::kReady);
  const Channel nowhere(FreeAddress());
  const absl::Status status = nowhere.WaitUntilReady(absl::Milliseconds(500));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("refused"));
}

TEST_F(ChannelTest, ItSaysWhyTheLastAttemptFailedWhileTheNextIsUnderWay) {
  const Channel nowhere(FreeAddress(), {.backoff_min = absl::Microseconds(100),
                                        .backoff_max = absl::Microseconds(100)});
  absl::Status status = nowhere.WaitUntilReady(absl::Milliseconds(500));
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("refused"));
    status = nowhere.WaitUntilReady(absl::Milliseconds(1));
  }
}

TEST_F(ChannelTest, AnApplicationsLoopCarriesServerAndClient) {
  uv_loop_t uv;
  ASSERT_EQ(uv_loop_init(&uv), 0);
  {
    Loop loop(&uv);
    Server server({.loop = &loop});
    server.Add(std::make_shared<echo::EchoService>());
    ASSERT_TRUE(server.Listen("tcp://127.0.0.1:0").ok());
    ASSERT_TRUE(server.Start().ok());
    const echo::Echo::Client echo{Channel(server.addresses().front(), {.loop = &loop})};
    std::string text;
    echo.Say(Saying("one loop")).Then([&](absl::StatusOr<echo::SayReply> reply) {
      text = reply.ok() ? reply->text() : reply.status().ToString();
    });
    for (int i = 0; i < 1'000 && text.empty(); ++i) uv_run(&uv, UV_RUN_ONCE);
    EXPECT_EQ(text, "one loop");
  }
  uv_run(&uv, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&uv), 0);
}

TEST_F(ChannelTest, ManyThreadsCallOverOne) {
  const auto server = Serve();
  const echo::Echo::Client echo{Channel(address_)};
  std::vector<std::thread> threads;
  std::atomic<int> ok{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) ok += echo.Say(Saying("x")).Wait().ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ok, 1'600);
}

}  // namespace
}  // namespace rpc
