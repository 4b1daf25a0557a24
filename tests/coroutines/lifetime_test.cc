// What a handler and a caller may rely on to be there, and what becomes of what they drop.
#include <memory>
#include <string>
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

class LifetimeTest : public StageTest {
 protected:
  // A handler of Sleep that waits until its call is over.
  void OnSleepWaiting() {
    OnSleep([this](ServerContext&, const echo::SleepRequest&, echo::SayReply&) -> Task<> {
      const Tracker tracker;
      waits_.Happen();
      const absl::Status slept = co_await rpc::Sleep(absl::Hours(1));
      told_.Happen();
      co_return slept;
    });
  }
  void OnCountEndless() {
    OnCount([this](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
      const Tracker tracker;
      for (int i = 0; co_await out.Write(MakeNumber(i)); ++i) continue;
      told_.Happen();
      co_return out.status();
    });
  }

  Event waits_;
  Event told_;
};

// Uses everything that a handler was given, last of all when its frame is destroyed.
struct UsesAll {
  ~UsesAll() {
    EXPECT_EQ(context.method(), echo::Echo::kCount);
    EXPECT_EQ(context.metadata().Get("key"), "value");
    context.trailing().Add("last", std::string(100, 'w'));
    EXPECT_EQ(request.upto(), 7u);
    EXPECT_FALSE(out.status().ok());
    used.Happen();
  }
  ServerContext& context;
  const echo::CountRequest& request;
  Writer<echo::Number>& out;
  Event& used;
};

TEST_F(LifetimeTest, WhatAHandlerIsGivenOutlivesItsFrame) {
  Event used;
  OnCount([&](ServerContext& context, const echo::CountRequest& request,
              Writer<echo::Number>& out) -> Task<> {
    const UsesAll uses{context, request, out, used};
    waits_.Happen();
    for (;;) (void)co_await rpc::Sleep(absl::Hours(1));
  });
  Metadata metadata;
  metadata.Add("key", "value");
  echo::CountRequest request;
  request.set_upto(7);
  {
    auto numbers = echo_.Count(request, {.metadata = &metadata});
    ASSERT_TRUE(waits_.Comes());
  }
  ASSERT_TRUE(used.Comes());
  ExpectServes();
}

TEST_F(LifetimeTest, ACallThatIsDroppedIsCancelled) {
  OnSleepWaiting();
  {
    auto call = echo_.Sleep({});
    ASSERT_TRUE(waits_.Comes());
  }
  EXPECT_TRUE(told_.Comes());
}

TEST_F(LifetimeTest, ACallThatIsAssignedToIsCancelled) {
  OnSleepWaiting();
  auto call = echo_.Sleep({});
  ASSERT_TRUE(waits_.Comes());
  call = echo_.Upper(Saying("another"));
  EXPECT_TRUE(told_.Comes());
  EXPECT_TRUE(std::move(call).Wait().ok());
}

TEST_F(LifetimeTest, CallsThatAreDroppedAtOnceAreHarmless) {
  OnSleepWaiting();
  for (int i = 0; i < 1'000; ++i) (void)echo_.Sleep({});
  rpc::Run([&]() -> Task<void> {
    for (int i = 0; i < 1'000; ++i) (void)echo_.Sleep({});
    co_return;
  });
  ExpectServes();
  ExpectDrains();
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(LifetimeTest, ThenRunsOnceAlthoughChannelAndStubAreGone) {
  Event called;
  {
    const Channel channel = server_->InProcess();
    const echo::Echo::Client echo(channel);
    echo.Upper(Saying("later")).Then([&](absl::StatusOr<echo::SayReply> reply) {
      EXPECT_TRUE(reply.ok()) << reply.status();
      called.Happen();
    });
  }
  EXPECT_TRUE(called.Comes());
  ExpectDrains();
  EXPECT_EQ(called.times(), 1);
}

TEST_F(LifetimeTest, ThenRunsOnceWhenTheServerGoes) {
  OnSleepWaiting();
  Event called;
  echo_.Sleep({}, {.timeout = absl::Hours(1)}).Then([&](absl::StatusOr<echo::SayReply> reply) {
    EXPECT_FALSE(reply.ok());
    called.Happen();
  });
  ASSERT_TRUE(waits_.Comes());
  StopServer();
  EXPECT_TRUE(called.Comes());
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(LifetimeTest, ThenRunsForACallThatHasEndedAlready) {
  Event called;
  rpc::Run([&]() -> Task<void> {
    auto call = echo_.Upper(Saying("early"));
    (void)co_await echo_.Upper(Saying("behind it"));
    std::move(call).Then([&](absl::StatusOr<echo::SayReply> reply) {
      if (reply.ok()) called.Happen();
    });
  });
  EXPECT_TRUE(called.Comes());
}

TEST_F(LifetimeTest, ThenOwnsItsFunction) {
  Event called;
  echo_.Upper(Saying("later")).Then([&called, tracker = std::make_unique<Tracker>()](const auto&) {
    if (tracker->size() == 64) called.Happen();
  });
  EXPECT_TRUE(called.Comes());
  rpc::Run([]() -> Task<void> { co_return; });
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(LifetimeTest, AStreamThatIsDroppedInItsMiddleIsCancelled) {
  OnCountEndless();
  rpc::Run([&]() -> Task<void> {
    auto numbers = echo_.Count({});
    for (int i = 0; i < 100; ++i) {
      const echo::Number* number = co_await numbers.Read();
      EXPECT_TRUE(number != nullptr && number->value() == i);
    }
  });
  EXPECT_TRUE(told_.Comes());
  ExpectServes();
  ExpectDrains();
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(LifetimeTest, AWriterThatIsDroppedInItsMiddleIsCancelled) {
  OnSum([&](ServerContext&, Reader<echo::Number>& in, echo::Total&) -> Task<> {
    const Tracker tracker;
    while (co_await in.Read() != nullptr) waits_.Happen();
    EXPECT_TRUE(absl::IsCancelled(in.status())) << in.status();
    told_.Happen();
    co_return in.status();
  });
  {
    auto sum = echo_.Sum();
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(sum.Write(MakeNumber(i)).Wait());
    EXPECT_TRUE(waits_.Comes(10));
  }
  EXPECT_TRUE(told_.Comes());
}

TEST_F(LifetimeTest, ATaskThatIsDestroyedCancelsTheCallThatItAwaits) {
  OnSleepWaiting();
  rpc::Run([&]() -> Task<void> {
    auto first = co_await WhenAny(echo_.Sleep({}), Blocking([&] { return waits_.Comes(); }));
    EXPECT_EQ(first.index, 1u);
  });
  EXPECT_TRUE(told_.Comes());
}

TEST_F(LifetimeTest, AHandlerThatRunsWhileItsStreamEndsSeesTheEnd) {
  OnChat([&](ServerContext&, Stream<echo::Line, echo::Line>& stream) -> Task<> {
    waits_.Happen();
    (void)co_await Blocking([&] { return told_.Comes(); });
    EXPECT_EQ(co_await stream.Read(), nullptr);
    co_return stream.status();
  });
  {
    auto chat = echo_.Chat();
    ASSERT_TRUE(waits_.Comes());
  }
  ExpectServes();
  told_.Happen();
  ExpectDrains();
}

}  // namespace
}  // namespace rpc
