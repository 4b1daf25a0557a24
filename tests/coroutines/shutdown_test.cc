// Servers, channels and loops that go while calls are open.
#include <uv.h>

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/stage.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

class ShutdownTest : public StageTest {
 protected:
  ShutdownTest() {
    OnSleep([this](ServerContext&, const echo::SleepRequest&, echo::SayReply&) -> Task<> {
      const Tracker tracker;
      waits_.Happen();
      co_return co_await rpc::Sleep(absl::Hours(1));
    });
  }
  ~ShutdownTest() override {
    StopServer();
    EXPECT_EQ(Tracker::alive(), 0);
  }

  // Calls that stay open until something ends them.
  std::vector<Call<echo::SayReply>> OpenCalls(int count) {
    std::vector<Call<echo::SayReply>> calls;
    for (int i = 0; i < count; ++i) {
      calls.push_back(echo_.Sleep({}, {.timeout = absl::InfiniteDuration()}));
    }
    EXPECT_TRUE(waits_.Comes(count));
    return calls;
  }

  Event waits_;
};

TEST_F(ShutdownTest, AServerThatGoesEndsItsOpenCalls) {
  auto calls = OpenCalls(100);
  StopServer();
  for (auto& call : calls) EXPECT_TRUE(absl::IsUnavailable(std::move(call).Wait().status()));
}

TEST_F(ShutdownTest, AServerThatShutsDownEndsHandlersThatDoNotLook) {
  OnSay([&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    waits_.Happen();
    for (;;) (void)co_await rpc::Sleep(absl::Milliseconds(1));
  });
  auto call = echo_.Say(Saying("stay"));
  ASSERT_TRUE(waits_.Comes());
  EXPECT_TRUE(absl::IsDeadlineExceeded(server_->Shutdown(absl::ZeroDuration())));
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(ShutdownTest, AServerThatShutsDownEndsHandlersThatNothingWakes) {
  OnSay([&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    waits_.Happen();
    co_await std::suspend_always();
    co_return absl::OkStatus();
  });
  auto call = echo_.Say(Saying("stay"));
  ASSERT_TRUE(waits_.Comes());
  EXPECT_TRUE(absl::IsDeadlineExceeded(server_->Shutdown(absl::ZeroDuration())));
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(ShutdownTest, AHandlerWithoutAnEndOfItsOwnHearsOfTheShutdown) {
  OnSay([&](ServerContext& context, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    waits_.Happen();
    absl::Status first = co_await context.Shutdown();
    absl::Status again = co_await context.Shutdown();
    co_return first.ok() ? again : first;
  });
  std::vector<Call<echo::SayReply>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(echo_.Say(Saying("stay")));
  ASSERT_TRUE(waits_.Comes(3));
  EXPECT_TRUE(server_->Shutdown(absl::Hours(1)).ok());
  for (auto& call : calls) EXPECT_TRUE(std::move(call).Wait().ok());
}

TEST_F(ShutdownTest, AHandlerThatWaitsForTheShutdownIsCancelledWithItsCall) {
  Event told;
  OnSay([&](ServerContext& context, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    waits_.Happen();
    auto first = co_await WhenAny(context.Shutdown(), rpc::Sleep(absl::Hours(1)));
    if (first.index == 0 && absl::IsCancelled(first.get<0>())) told.Happen();
    co_return absl::OkStatus();
  });
  auto call = echo_.Say(Saying("stay"));
  ASSERT_TRUE(waits_.Comes());
  call.Cancel();
  EXPECT_TRUE(told.Comes());
}

TEST_F(ShutdownTest, AServerThatGoesInTheMiddleOfStreamsEndsThem) {
  OnCount([](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
    const Tracker tracker;
    for (int i = 0; co_await out.Write(MakeNumber(i)); ++i) continue;
    co_return out.status();
  });
  auto read = echo_.Count({});
  auto unread = echo_.Count({});
  EXPECT_NE(read.Read().Wait(), nullptr);
  StopServer();
  while (read.Read().Wait() != nullptr) continue;
  EXPECT_TRUE(absl::IsUnavailable(read.status())) << read.status();
}

TEST_F(ShutdownTest, AChannelThatGoesLeavesItsCallsAlone) {
  std::optional<Channel> channel(server_->InProcess());
  std::optional<echo::Echo::Client> echo(*channel);
  auto call = echo->Sleep({}, {.timeout = absl::InfiniteDuration()});
  ASSERT_TRUE(waits_.Comes());
  auto quick = echo->Upper(Saying("quick"));
  echo.reset();
  channel.reset();
  EXPECT_TRUE(std::move(quick).Wait().ok());
  call.Cancel();
  EXPECT_TRUE(absl::IsCancelled(std::move(call).Wait().status()));
}

TEST_F(ShutdownTest, AHandlerMayHoldACallToItsOwnServer) {
  OnSay([&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const auto reply = co_await echo_.Sleep({}, {.timeout = absl::InfiniteDuration()});
    co_return reply.status();
  });
  auto call = echo_.Say(Saying("hold"));
  ASSERT_TRUE(waits_.Comes());
  StopServer();
  EXPECT_FALSE(std::move(call).Wait().ok());
}

TEST(Shutdown, CallsThatWereCutWhenTheirLoopStoppedCountAsCancelled) {
  Loop loop;
  const auto actor = std::make_shared<Actor>();
  actor->say = [&loop](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    loop.Stop();
    (void)co_await Sleep(absl::Hours(1));
    co_return absl::OkStatus();
  };
  Server server({.loop = &loop});
  server.Add(actor);
  int ended = 0;
  {
    const Channel channel = server.InProcess({.loop = &loop});
    echo::Echo::Client(channel).Say(Saying("hello")).Then([&ended](const auto&) { ++ended; });
    loop.Run();
  }
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(server.counters().calls_begun, 1u);
  EXPECT_EQ(server.counters().calls_cancelled, 1u);
  EXPECT_EQ(server.counters().calls_ok, 0u);
}

// A loop of the application's, turned by hand, with client and server on it.
class BorrowedLoopTest : public testing::Test {
 protected:
  BorrowedLoopTest() {
    uv_loop_init(&uv_);
    uv_async_init(&uv_, &application_, nullptr);
    loop_ = std::make_unique<Loop>(&uv_);
    server_ = std::make_unique<Server>(ServerOptions{.loop = loop_.get()});
    server_->Add(actor_);
    channel_.emplace(server_->InProcess({.loop = loop_.get()}));
  }
  ~BorrowedLoopTest() override {
    EndAll();
    uv_close(reinterpret_cast<uv_handle_t*>(&application_), nullptr);
    uv_run(&uv_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&uv_), 0);
    EXPECT_EQ(Tracker::alive(), 0);
  }

  // The server goes, then its client, then their loop.
  void EndAll() {
    server_ = nullptr;
    channel_.reset();
    loop_ = nullptr;
  }
  void Turn(int times) {
    for (int i = 0; i < times; ++i) uv_run(&uv_, UV_RUN_NOWAIT);
  }
  void CallSay(int* ended) {
    echo::Echo::Client(*channel_).Say(Saying("hello")).Then([ended](const auto&) { ++*ended; });
  }

  uv_loop_t uv_;
  uv_async_t application_;  // what the application waits for
  std::unique_ptr<Loop> loop_;
  std::shared_ptr<Actor> actor_ = std::make_shared<Actor>();
  std::unique_ptr<Server> server_;
  std::optional<Channel> channel_;
};

class ServerGoesTest : public BorrowedLoopTest, public testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(AfterTurns, ServerGoesTest, testing::Range(0, 16));

TEST_P(ServerGoesTest, WhileAHandlerSleeps) {
  actor_->say = [](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    co_return co_await Sleep(absl::Hours(1));
  };
  int ended = 0;
  CallSay(&ended);
  Turn(GetParam());
  EndAll();
  EXPECT_EQ(ended, 1);
}

// What is left to be done for the shutdown refers to the server, and the loop goes on.
TEST_P(ServerGoesTest, WhileItShutsDown) {
  actor_->say = [](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    co_return co_await Sleep(absl::Hours(1));
  };
  int ended = 0;
  CallSay(&ended);
  Turn(GetParam() / 4);
  server_->StartShutdown(absl::Seconds(10));
  Turn(GetParam() % 4);
  server_ = nullptr;
  Turn(4);
  EndAll();
  EXPECT_EQ(ended, 1);
}

TEST_P(ServerGoesTest, WhileAHandlerBlocks) {
  actor_->say = [](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    const int size = co_await Blocking([&] {
      absl::SleepFor(absl::Milliseconds(20));
      return tracker.size();
    });
    co_return size == 64 ? absl::OkStatus() : absl::InternalError("overwritten");
  };
  int ended = 0;
  CallSay(&ended);
  Turn(GetParam());
  EndAll();
  EXPECT_EQ(ended, 1);
}

TEST_P(ServerGoesTest, WhileAHandlerBlocksAgainAndAgain) {
  int rounds = 0;
  actor_->say = [&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    for (; rounds < 200; ++rounds) {
      co_await Blocking([] { absl::SleepFor(absl::Milliseconds(1)); });
    }
    co_return absl::OkStatus();
  };
  int ended = 0;
  CallSay(&ended);
  Turn(GetParam());
  EndAll();
  EXPECT_EQ(ended, 1);
  EXPECT_LT(rounds, 200) << "the server waited for its handler without telling it";
}

}  // namespace
}  // namespace rpc
