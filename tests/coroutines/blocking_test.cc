// Work on threads, awaited on a loop.
#include "rpc/blocking.h"

#include <barrier>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/stage.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

TEST(BlockingTest, GivesWhatTheFunctionReturns) {
  const std::string text = rpc::Run([]() -> Task<std::string> {
    const std::string half = "half";
    co_return co_await Blocking([&] { return half + half; });
  });
  EXPECT_EQ(text, "halfhalf");
}

TEST(BlockingTest, GivesWhatCanOnlyBeMoved) {
  const auto number = rpc::Run([]() -> Task<std::unique_ptr<int>> {
    co_return co_await Blocking([] { return std::make_unique<int>(7); });
  });
  EXPECT_EQ(*number, 7);
}

TEST(BlockingTest, RunsAFunctionThatReturnsNothing) {
  int place = 0;
  rpc::Run([&]() -> Task<void> { co_await Blocking([&] { place = 1; }); });
  EXPECT_EQ(place, 1);
}

TEST(BlockingTest, ThrowsWhatTheFunctionThrew) {
  const auto throws = [] { throw std::runtime_error("on the thread"); };
  EXPECT_THROW(rpc::Run([&]() -> Task<void> { co_await Blocking(throws); }), std::runtime_error);
}

TEST(BlockingTest, RunsOnAnotherThreadAndComesBack) {
  rpc::Run([]() -> Task<void> {
    const std::thread::id loop = std::this_thread::get_id();
    const std::thread::id other = co_await Blocking([] { return std::this_thread::get_id(); });
    EXPECT_NE(other, loop);
    EXPECT_EQ(std::this_thread::get_id(), loop);
  });
}

TEST(BlockingTest, WorkRunsInParallel) {
  std::barrier<> together(3);
  const auto meet = [&] { together.arrive_and_wait(); };
  rpc::Run(
      [&]() -> Task<void> { co_await WhenAll(Blocking(meet), Blocking(meet), Blocking(meet)); });
}

TEST(BlockingTest, OneAfterTheOtherIsInOrder) {
  const std::string text = rpc::Run([]() -> Task<std::string> {
    std::string log;
    for (int i = 0; i < 100; ++i)
      co_await Blocking([&] { log += static_cast<char>('a' + i % 26); });
    co_return log.substr(0, 5) + log.substr(95);
  });
  EXPECT_EQ(text, "abcderstuv");
}

TEST(BlockingTest, TheWorkMayWaitForItsOwnLoop) {
  const int number = rpc::Run([]() -> Task<int> {
    co_return co_await Blocking([] { return rpc::Run([]() -> Task<int> { co_return 7; }); });
  });
  EXPECT_EQ(number, 7);
}

class BlockingHandlerTest : public StageTest {
 protected:
  // Begins a call whose handler blocks until `release`, and refers to its own locals there.
  BlockingHandlerTest() {
    OnSay([this](ServerContext&, const echo::SayRequest& request, echo::SayReply& reply) -> Task<> {
      const Tracker tracker;
      const auto size = co_await Blocking([&] {
        blocks_.Happen();
        EXPECT_TRUE(release_.Comes());
        EXPECT_EQ(request.text(), "block");
        return tracker.size();
      });
      reply.set_text(std::to_string(size));
      after_.Happen();
      (void)co_await rpc::Sleep(absl::ZeroDuration());
      (void)co_await rpc::Sleep(absl::ZeroDuration());
      co_return absl::OkStatus();
    });
  }

  Event blocks_;
  Event release_;
  Event after_;
};

TEST_F(BlockingHandlerTest, TheLoopGoesOnMeanwhile) {
  auto call = echo_.Say(Saying("block"));
  ASSERT_TRUE(blocks_.Comes());
  for (int i = 0; i < 10; ++i) ExpectServes();
  release_.Happen();
  const auto reply = std::move(call).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "64");
}

TEST_F(BlockingHandlerTest, AHandlerThatIsCancelledStaysUntilTheWorkIsDone) {
  {
    auto call = echo_.Say(Saying("block"));
    ASSERT_TRUE(blocks_.Comes());
  }
  ExpectServes();
  EXPECT_EQ(Tracker::alive(), 1);
  release_.Happen();
  EXPECT_TRUE(after_.Comes());
  ExpectDrains();
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(BlockingHandlerTest, TheServersDestructorWaitsForTheWork) {
  echo_.Say(Saying("block")).Then([&](absl::StatusOr<echo::SayReply> reply) {
    EXPECT_FALSE(reply.ok());
    release_.Happen();
  });
  ASSERT_TRUE(blocks_.Comes());
  StopServer();
  EXPECT_EQ(release_.times(), 1);
  EXPECT_EQ(Tracker::alive(), 0);
}

}  // namespace
}  // namespace rpc
