// Nobody on a loop keeps it for himself, however much he finds ready.
#include <algorithm>
#include <tuple>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/hand_run.h"
#include "tests/coroutines/stage.h"

namespace rpc {
namespace {

class FairnessTest : public StageTest {
 protected:
  FairnessTest() {
    OnCount([](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
      for (int i = 0; co_await out.Write(MakeNumber(i)); ++i) continue;
      co_return out.status();
    });
  }
};

// Both the loop of its writer and that of its reader have other calls to serve.
TEST_F(FairnessTest, AnEndlessStreamThatIsReadLeavesRoomForOtherCalls) {
  const int answered = rpc::Run([&]() -> Task<int> {
    auto numbers = echo_.Count({});
    bool enough = false;
    const auto read = [&]() -> Task<int> {
      int messages = 0;
      for (; !enough; ++messages) {
        const echo::Number* number = co_await numbers.Read();
        if (number == nullptr) break;
      }
      co_return messages;
    };
    const auto call = [&]() -> Task<int> {
      int replies = 0;
      for (int i = 0; i < 100; ++i) {
        const auto reply = co_await echo_.Upper(Saying("among many"));
        if (reply.ok()) ++replies;
      }
      enough = true;
      co_return replies;
    };
    const auto both = co_await WhenAll(read(), call());
    EXPECT_GT(std::get<0>(both), 64);
    co_return std::get<1>(both);
  });
  EXPECT_EQ(answered, 100);
}

// Sleeps for less than a loop's clock can tell.
class ShortSleepTest : public FairnessTest, public testing::WithParamInterface<absl::Duration> {};

INSTANTIATE_TEST_SUITE_P(Sleeps, ShortSleepTest,
                         testing::Values(absl::ZeroDuration(), absl::Nanoseconds(1),
                                         absl::Microseconds(1)));

TEST_P(ShortSleepTest, ACoroutineThatOnlySleepsLeavesRoomForOtherCalls) {
  const auto first = rpc::Run([&]() -> Task<Any<bool, absl::Status>> {
    const auto call = [&]() -> Task<bool> {
      const auto reply = co_await echo_.Upper(Saying("among sleeps"));
      co_return reply.ok();
    };
    const auto sleep = [&]() -> Task<> {
      absl::Status slept;
      while (slept.ok()) slept = co_await Sleep(GetParam());
      co_return slept;
    };
    co_return co_await WhenAny(call(), sleep());
  });
  EXPECT_EQ(first.index, 0u);
  EXPECT_TRUE(*std::get<0>(first.results)) << "the call was starved until its deadline";
}

// Of messages that are all there a reader takes so many at once, and then lets others go on.
TEST_F(FairnessTest, AReaderOfReadyMessagesYieldsAfterSixtyFour) {
  constexpr int kCount = 1'000;
  Event written;
  OnCount([&](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
    for (int i = 0; i < kCount; ++i) {
      if (!co_await out.Write(MakeNumber(i))) break;
    }
    written.Happen();
    co_return absl::OkStatus();
  });
  int in_a_row = 0;
  int most_in_a_row = 0;
  rpc::Run([&]() -> Task<void> {
    auto numbers = echo_.Count({});
    EXPECT_TRUE(co_await Blocking([&] { return written.Comes(); }));
    (void)co_await echo_.Upper(Saying("behind the messages"));
    bool reading = true;
    const auto read = [&]() -> Task<void> {
      const echo::Number* number = nullptr;
      do {
        number = co_await numbers.Read();
        most_in_a_row = std::max(most_in_a_row, ++in_a_row);
      } while (number != nullptr);
      reading = false;
    };
    const auto take_turns = [&]() -> Task<void> {
      for (; reading; in_a_row = 0) co_await Pause();
    };
    co_await WhenAll(take_turns(), read());
  });
  EXPECT_GE(most_in_a_row, 60);
  EXPECT_LE(most_in_a_row, 64);
}

}  // namespace
}  // namespace rpc
