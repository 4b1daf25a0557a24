// A bell that is rung by the same loop, by another, and by nobody.
#include "rpc/bell.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/coroutines/cancelled_call.h"

namespace rpc {
namespace {

TEST(BellTest, ARingIsHeardByWhoWaits) {
  rpc::Run([]() -> Task<void> {
    Bell bell;
    auto rings = [&bell]() -> Task<> {
      (void)co_await Sleep(absl::Milliseconds(2));
      bell.Ring();
      co_return absl::OkStatus();
    };
    auto both = co_await WhenAll(bell.Wait(), rings());
    EXPECT_TRUE(std::get<0>(both).ok());
  });
}

TEST(BellTest, RingsThatNobodyHasHeardAreHeardOnce) {
  rpc::Run([]() -> Task<void> {
    Bell bell;
    bell.Ring();
    bell.Ring();
    const absl::Status first = co_await bell.Wait();
    EXPECT_TRUE(first.ok());
    auto second = co_await WhenAny(bell.Wait(), Sleep(absl::Milliseconds(5)));
    EXPECT_EQ(second.index, 1U) << "the second ring was heard again";
  });
}

TEST(BellTest, AWaitThatWasGivenUpTakesNoRing) {
  rpc::Run([]() -> Task<void> {
    Bell bell;
    auto given_up = co_await WhenAny(bell.Wait(), Sleep({}));
    EXPECT_EQ(given_up.index, 1U);
    bell.Ring();
    const absl::Status heard = co_await bell.Wait();
    EXPECT_TRUE(heard.ok());
  });
}

TEST(BellTest, OtherThreadsRingAndNoRingIsLost) {
  constexpr int kRingers = 4;
  constexpr int kEach = 2'000;
  rpc::Run([]() -> Task<void> {
    std::atomic<int> rung = 0;
    auto bell = std::make_unique<Bell>();
    std::vector<std::thread> ringers;
    for (int i = 0; i < kRingers; ++i) {
      ringers.emplace_back([&rung, &bell] {
        for (int n = 0; n < kEach; ++n) {
          ++rung;
          bell->Ring();
        }
      });
    }
    while (rung < kRingers * kEach) {
      const absl::Status heard = co_await bell->Wait();
      EXPECT_TRUE(heard.ok());
    }
    for (std::thread& ringer : ringers) ringer.join();
    bell.reset();  // rings may be on their way still
  });
}

TEST(BellTest, TwoWhoWaitAreAMistake) {
  rpc::Run([]() -> Task<void> {
    Bell bell;
    auto waits = [&bell]() -> Task<> { co_return co_await bell.Wait(); };
    EXPECT_THROW((void)co_await WhenAll(waits(), waits(),
                                        [](Bell* both) -> Task<> {
                                          co_await Sleep({});
                                          both->Ring();
                                          co_return absl::OkStatus();
                                        }(&bell)),
                 std::logic_error);
  });
}

TEST(BellTest, AThreadWithoutALoopHasNoBell) { EXPECT_THROW(Bell(), std::logic_error); }

class CancelledBellTest : public CancelledCallTest, public testing::WithParamInterface<Ending> {};

INSTANTIATE_TEST_SUITE_P(Endings, CancelledBellTest,
                         testing::Values(Ending::kCancel, Ending::kDeadline, Ending::kLoss),
                         [](const testing::TestParamInfo<Ending>& info) {
                           return EndingName(info.param);
                         });

TEST_P(CancelledBellTest, AHandlerThatWaitsHearsOfItsEnd) {
  absl::Status heard;
  Begin(GetParam(), [&heard](Scene scene) -> Task<> {
    Bell bell;
    scene.waits.Happen();
    heard = co_await bell.Wait();
    co_return heard;
  });
  EndCall();
  ExpectHandlerGone();
  EXPECT_TRUE(absl::IsCancelled(heard)) << heard;
}

TEST_P(CancelledBellTest, AHandlerThatDoesNotLookGoesNoFurther) {
  Begin(GetParam(), [](Scene scene) -> Task<> {
    Bell bell;
    while (true) {
      scene.Round();
      (void)co_await bell.Wait();
    }
  });
  EndCall();
  ExpectHandlerGone();
  EXPECT_LE(rounds_after_end(), 1);
}

}  // namespace
}  // namespace rpc
