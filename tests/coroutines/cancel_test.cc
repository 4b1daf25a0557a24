// A handler whose call is over hears of it once, from whatever it waits for.
#include <functional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/coroutines/cancelled_call.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/stage.h"

namespace rpc {
namespace {

class CancelTest : public CancelledCallTest, public testing::WithParamInterface<Ending> {
 protected:
  CancelTest() {
    OnSleep([this](ServerContext& context, const echo::SleepRequest&, echo::SayReply&) -> Task<> {
      waits_.Happen();
      const absl::Status slept = co_await rpc::Sleep(absl::Hours(1));
      if (absl::IsCancelled(slept) && context.cancelled()) child_told_.Happen();
      co_return slept;
    });
  }

  // The handler waits in `wait`, which tells what it heard, and then ends.
  void Play(std::function<Task<std::string>(Scene)> wait) {
    Begin(GetParam(), [this, wait](Scene scene) -> Task<> {
      EXPECT_FALSE(scene.context.cancelled());
      heard_ = co_await wait(scene);
      EXPECT_TRUE(scene.context.cancelled());
      co_return absl::OkStatus();
    });
    EndCall();
    ExpectHandlerGone();
  }

  std::string heard_ = "nothing";
  Event child_told_;
};

INSTANTIATE_TEST_SUITE_P(Endings, CancelTest,
                         testing::Values(Ending::kCancel, Ending::kDeadline, Ending::kLoss),
                         [](const testing::TestParamInfo<Ending>& info) {
                           return EndingName(info.param);
                         });

std::string Heard(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

// Past its deadline a call may also be cancelled by its client, who may be the first to notice.
bool IsReason(const std::string& heard, Ending ending) {
  static const char* const kReasons[] = {"CANCELLED", "DEADLINE_EXCEEDED", "UNAVAILABLE"};
  if (heard == kReasons[static_cast<int>(ending)]) return true;
  return ending == Ending::kDeadline && heard == "CANCELLED";
}

TEST_P(CancelTest, ASleepIsCutShort) {
  Play([](Scene scene) -> Task<std::string> {
    scene.waits.Happen();
    co_return Heard(co_await Sleep(absl::Hours(1)));
  });
  EXPECT_EQ(heard_, "CANCELLED");
}

TEST_P(CancelTest, ReadGivesNoMoreMessagesAndTheReason) {
  Play([](Scene scene) -> Task<std::string> {
    scene.waits.Happen();
    const echo::Line* line = co_await scene.stream.Read();
    co_return line != nullptr ? "a message" : Heard(scene.stream.status());
  });
  EXPECT_PRED2(IsReason, heard_, GetParam());
}

TEST_P(CancelTest, WriteTakesNoMoreMessagesAndTellsTheReason) {
  Play([](Scene scene) -> Task<std::string> {
    scene.waits.Happen();
    const echo::Line line = MakeLine(std::string(16 << 10, 'x'));
    while (co_await scene.stream.Write(line)) continue;
    co_return Heard(scene.stream.status());
  });
  EXPECT_PRED2(IsReason, heard_, GetParam());
}

TEST_P(CancelTest, EachPartOfWhenAllIsTold) {
  Play([](Scene scene) -> Task<std::string> {
    scene.waits.Happen();
    auto all = co_await WhenAll(Sleep(absl::Hours(1)), Sleep(absl::Hours(2)));
    co_return Heard(std::get<0>(all)) + " " + Heard(std::get<1>(all));
  });
  EXPECT_EQ(heard_, "CANCELLED CANCELLED");
}

TEST_P(CancelTest, EachPartOfWhenAnyIsTold) {
  Play([](Scene scene) -> Task<std::string> {
    scene.waits.Happen();
    auto any = co_await WhenAny(Sleep(absl::Hours(1)), scene.stream.Read());
    const bool message = *std::get<1>(any.results) != nullptr;
    co_return Heard(*std::get<0>(any.results)) + (message ? ", a message" : ", no message");
  });
  EXPECT_EQ(heard_, "CANCELLED, no message");
}

TEST_P(CancelTest, ACallThatItAwaitsIsCancelledWithIt) {
  Play([](Scene scene) -> Task<std::string> {
    const auto reply = co_await scene.self.Sleep({}, {.timeout = absl::Hours(1)});
    co_return Heard(reply.status());
  });
  EXPECT_EQ(heard_, "CANCELLED");
  EXPECT_TRUE(child_told_.Comes());
}

TEST_P(CancelTest, ACallThatIsMadeForItIsCancelledWithIt) {
  Event ended;
  Play([&](Scene scene) -> Task<std::string> {
    scene.self.Sleep({}, {.timeout = absl::Hours(1), .parent = &scene.context})
        .Then([&](absl::StatusOr<echo::SayReply> reply) {
          EXPECT_TRUE(absl::IsCancelled(reply.status())) << reply.status();
          ended.Happen();
        });
    co_return Heard(co_await Sleep(absl::Hours(1)));
  });
  EXPECT_TRUE(ended.Comes());
  EXPECT_TRUE(child_told_.Comes());
}

TEST_P(CancelTest, TheHandlerKnowsBeforeItsChildCallEnds) {
  bool knew = false;
  Play([&](Scene scene) -> Task<std::string> {
    auto calls = scene.self.Sleep({}, {.timeout = absl::Hours(1), .parent = &scene.context});
    const auto reply = co_await std::move(calls);
    knew = scene.context.cancelled();
    co_return Heard(reply.status());
  });
  EXPECT_EQ(heard_, "CANCELLED");
  EXPECT_TRUE(knew);
}

TEST_P(CancelTest, TasksInsideOfTasksAreTold) {
  Play([](Scene scene) -> Task<std::string> {
    scene.waits.Happen();
    const auto inner = []() -> Task<> { co_return co_await Sleep(absl::Hours(1)); };
    const auto outer = [&]() -> Task<> { co_return co_await inner(); };
    co_return Heard(co_await outer());
  });
  EXPECT_EQ(heard_, "CANCELLED");
}

}  // namespace
}  // namespace rpc
