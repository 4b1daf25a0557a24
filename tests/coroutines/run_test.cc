// From plain functions into coroutines, and what is refused where it would wait for itself.
#include "rpc/run.h"

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/net/loop.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/cancelled_call.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/stage.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

class RunTest : public StageTest {};

TEST_F(RunTest, RunGivesWhatTheTaskReturnsOrThrows) {
  EXPECT_EQ(rpc::Run([]() -> Task<int> { co_return 7; }), 7);
  EXPECT_EQ(rpc::Run([]() -> Task<int> { return 8; }), 8);
  EXPECT_THROW(rpc::Run([]() -> Task<void> {
                 (void)co_await rpc::Sleep(absl::Milliseconds(1));
                 throw std::runtime_error("thrown");
               }),
               std::runtime_error);
  EXPECT_THROW(rpc::Run([]() -> Task<int> { throw std::runtime_error("at once"); }),
               std::runtime_error);
}

TEST_F(RunTest, RunOnALoopsThreadThrows) {
  rpc::Run([]() -> Task<void> {
    EXPECT_THROW((void)rpc::Run([]() -> Task<int> { co_return 7; }), std::logic_error);
    co_return;
  });
}

TEST(RunDeathTest, ACoroutineMayEndTheProgram) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(rpc::Run([]() -> Task<void> {
                co_await rpc::Sleep({});
                std::exit(3);
              }),
              testing::ExitedWithCode(3), "");
}

TEST_F(RunTest, SpawnOwnsItsFunctionUntilItsEnd) {
  Event ended;
  {
    auto tracker = std::make_unique<Tracker>();
    rpc::Spawn([&ended, tracker = std::move(tracker)]() -> Task<void> {
      (void)co_await rpc::Sleep(absl::Milliseconds(5));
      EXPECT_EQ(tracker->size(), 64);
      ended.Happen();
    });
  }
  ASSERT_TRUE(ended.Comes());
  rpc::Run([]() -> Task<void> { co_return; });
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(RunTest, AnExceptionThatLeavesASpawnedCoroutineIsToldAndHarmless) {
  testing::internal::CaptureStderr();
  Event began;
  rpc::Spawn([&began]() -> Task<void> {
    const Tracker tracker;
    began.Happen();
    (void)co_await rpc::Sleep(absl::Milliseconds(1));
    throw std::runtime_error("nobody catches this");
  });
  rpc::Spawn([&began]() -> Task<void> {
    began.Happen();
    throw 42;
  });
  ASSERT_TRUE(began.Comes(2));
  const auto pass = [] { rpc::Run([]() -> Task<void> { co_await rpc::Sleep({}); }); };
  while (Tracker::alive() > 0) pass();
  pass();  // the exception is told in the turn in which it destroyed the tracker, and after that
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_NE(told.find("nobody catches this"), std::string::npos) << told;
  ExpectServes();
}

TEST_F(RunTest, AHandlerSpawnsWhatGoesOnAfterIt) {
  Event spawned;
  OnSay([&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    rpc::Spawn([&spawned, tracker = Tracker()]() -> Task<void> {
      (void)co_await rpc::Sleep(absl::Milliseconds(5));
      if (tracker.size() == 64) spawned.Happen();
    });
    return absl::OkStatus();
  });
  EXPECT_TRUE(echo_.Say(Saying("spawn")).Wait().ok());
  EXPECT_TRUE(spawned.Comes());
}

// More than a loop runs in one turn.
TEST_F(RunTest, TheEndOfALoopEndsEverythingThatWasSpawnedOnIt) {
  constexpr int kCount = 5'000;
  Event began;
  {
    LoopThread thread;
    thread.loop()->Post([&] {
      for (int i = 0; i < kCount; ++i) {
        rpc::Spawn([&began]() -> Task<void> {
          const Tracker tracker;
          began.Happen();
          (void)co_await rpc::Sleep(absl::Hours(1));
        });
      }
    });
    ASSERT_TRUE(began.Comes(kCount));
  }
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(RunTest, WaitInAHandlerIsRefused) {
  OnSay([&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    return echo_.Upper(Saying("in a handler")).Wait().status();
  });
  const auto reply = echo_.Say(Saying("hello")).Wait();
  EXPECT_TRUE(absl::IsFailedPrecondition(reply.status())) << reply.status();
  ExpectServes();
}

TEST_F(RunTest, WaitInACoroutineIsRefused) {
  const absl::Status status = rpc::Run([&]() -> Task<> {
    auto call = echo_.Upper(Saying("in a coroutine"));
    co_return std::move(call).Wait().status();
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(RunTest, WaitForAStreamInACoroutineIsRefused) {
  const absl::Status status = rpc::Run([&]() -> Task<> {
    auto chat = echo_.Chat();
    EXPECT_EQ(chat.Read().Wait(), nullptr);
    co_return chat.status();
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

// Its state cannot be touched from here: null would look like the end of a stream that went well.
TEST_F(RunTest, WaitForAStreamOfAnotherLoopThrows) {
  LoopThread thread;
  auto chat = echo::Echo::Client(server_->InProcess({.loop = thread.loop()})).Chat();
  echo::Line line;
  line.set_text("x");
  rpc::Run([&]() -> Task<void> {
    EXPECT_THROW((void)chat.Read().Wait(), std::logic_error);
    EXPECT_THROW((void)chat.Write(line).Wait(), std::logic_error);
    co_return;
  });
}

// The handler goes on, and the call is one that it has seen.
TEST_F(RunTest, WaitForAStreamInItsHandlerIsRefused) {
  OnSum([](ServerContext&, Reader<echo::Number>& in, echo::Total&) -> Task<> {
    EXPECT_EQ(in.Read().Wait(), nullptr);
    (void)co_await rpc::Sleep(absl::Milliseconds(1));
    co_return in.status();
  });
  const auto total = echo_.Sum().Wait();
  EXPECT_TRUE(absl::IsFailedPrecondition(total.status())) << total.status();
  EXPECT_EQ(server_->counters().calls_refused, 0u);
  EXPECT_EQ(server_->counters().calls_failed, 1u);
  ExpectServes();
}

TEST_F(RunTest, ACallThatWasMadeOnAnotherLoopCannotBeAwaited) {
  LoopThread thread;
  const echo::Echo::Client elsewhere(server_->InProcess({.loop = thread.loop()}));
  for (int i = 0; i < 100; ++i) {
    const absl::Status status = rpc::Run([&]() -> Task<> {
      const auto reply = co_await elsewhere.Upper(Saying("from elsewhere"));
      co_return reply.status();
    });
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
  EXPECT_TRUE(elsewhere.Upper(Saying("by a thread")).Wait().ok());
}

}  // namespace
}  // namespace rpc
