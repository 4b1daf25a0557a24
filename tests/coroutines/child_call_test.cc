// Calls that a handler makes for the call that it serves.
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/stage.h"

namespace rpc {
namespace {

class ChildCallTest : public StageTest {
 protected:
  ChildCallTest() {
    OnSay([this](ServerContext& context, const echo::SayRequest&, echo::SayReply&) {
      return make_child_(context);
    });
    OnSleep([this](ServerContext& context, const echo::SleepRequest&, echo::SayReply&) {
      child_time_ = context.time_left();
      return Task<>(absl::OkStatus());
    });
  }

  // The time that a child call has which a handler makes with `options`, for a call with `timeout`.
  absl::Duration ChildTime(absl::Duration timeout, CallOptions options, bool linked) {
    make_child_ = [this, options, linked](ServerContext& context) -> Task<> {
      CallOptions child = options;
      if (linked) child.parent = &context;
      const auto reply = co_await echo_.Sleep({}, child);
      co_return reply.status();
    };
    const auto reply = echo_.Say(Saying("child"), {.timeout = timeout}).Wait();
    EXPECT_TRUE(reply.ok()) << reply.status();
    return child_time_;
  }

  std::function<Task<>(ServerContext&)> make_child_;
  absl::Duration child_time_;
};

TEST_F(ChildCallTest, ItHasNoMoreTimeThanItsParent) {
  const absl::Duration time = ChildTime(absl::Seconds(20), {.timeout = absl::Seconds(1'000)}, true);
  EXPECT_LT(time, absl::Seconds(30));
  EXPECT_GT(time, absl::Seconds(5));
}

TEST_F(ChildCallTest, ItMayHaveLessTimeThanItsParent) {
  EXPECT_LT(ChildTime(absl::Seconds(1'000), {.timeout = absl::Seconds(20)}, true),
            absl::Seconds(30));
}

TEST_F(ChildCallTest, ItHasTimeOfItsOwnWithoutAParent) {
  EXPECT_GT(ChildTime(absl::Seconds(20), {.timeout = absl::Seconds(1'000)}, false),
            absl::Seconds(500));
}

TEST_F(ChildCallTest, ItInheritsTheDefaultDeadlineOfItsChannelOnly) {
  EXPECT_LT(ChildTime(absl::Seconds(1'000), {}, true), absl::Seconds(20));
}

TEST_F(ChildCallTest, OneThatNobodyWaitsForEndsWithItsParent) {
  Event child_waits, child_told, child_ended;
  OnSleep([&](ServerContext&, const echo::SleepRequest&, echo::SayReply&) -> Task<> {
    child_waits.Happen();
    const absl::Status slept = co_await rpc::Sleep(absl::Hours(1));
    child_told.Happen();
    co_return slept;
  });
  make_child_ = [&](ServerContext& context) -> Task<> {
    echo_.Sleep({}, {.timeout = absl::Hours(1), .parent = &context})
        .Then([&](absl::StatusOr<echo::SayReply> reply) {
          EXPECT_TRUE(absl::IsCancelled(reply.status())) << reply.status();
          child_ended.Happen();
        });
    const bool waits = co_await Blocking([&] { return child_waits.Comes(); });
    co_return waits ? absl::OkStatus() : absl::InternalError("the child call did not begin");
  };
  EXPECT_TRUE(echo_.Say(Saying("parent")).Wait().ok());
  EXPECT_TRUE(child_ended.Comes());
  EXPECT_TRUE(child_told.Comes());
}

// The record of a call serves other calls later; those have nothing to do with the first.
TEST_F(ChildCallTest, OneWithoutAParentGoesOnAfterTheHandlerThatMadeIt) {
  Event child_waits, child_may_end, child_ended, next_waits;
  OnSleep([&](ServerContext&, const echo::SleepRequest&, echo::SayReply&) -> Task<> {
    child_waits.Happen();
    const bool may_end = co_await Blocking([&] { return child_may_end.Comes(); });
    co_return may_end ? absl::OkStatus() : absl::InternalError("the next call did not end");
  });
  make_child_ = [&](ServerContext&) -> Task<> {
    echo_.Sleep({}, {.timeout = absl::Hours(1)}).Then([&](absl::StatusOr<echo::SayReply> reply) {
      EXPECT_TRUE(reply.ok()) << reply.status();
      child_ended.Happen();
    });
    return absl::OkStatus();
  };
  ASSERT_TRUE(echo_.Say(Saying("parent")).Wait().ok());
  ASSERT_TRUE(child_waits.Comes());
  make_child_ = [&](ServerContext&) -> Task<> {
    next_waits.Happen();
    co_return co_await rpc::Sleep(absl::Hours(1));
  };
  {
    auto next = echo_.Say(Saying("next"));
    ASSERT_TRUE(next_waits.Comes());
  }
  child_may_end.Happen();
  EXPECT_TRUE(child_ended.Comes());
}

TEST_F(ChildCallTest, OneThatIsMadeAfterTheEndOfItsParentIsCancelledAtOnce) {
  Event waits, ended;
  make_child_ = [&](ServerContext& context) -> Task<> {
    waits.Happen();
    EXPECT_TRUE(absl::IsCancelled(co_await rpc::Sleep(absl::Hours(1))));
    echo_.Sleep({}, context.Child()).Then([&](absl::StatusOr<echo::SayReply> reply) {
      EXPECT_TRUE(absl::IsCancelled(reply.status())) << reply.status();
      ended.Happen();
    });
    co_return absl::OkStatus();
  };
  auto call = echo_.Say(Saying("parent"));
  ASSERT_TRUE(waits.Comes());
  call.Cancel();
  EXPECT_TRUE(ended.Comes());
  ExpectServes();
}

}  // namespace
}  // namespace rpc
