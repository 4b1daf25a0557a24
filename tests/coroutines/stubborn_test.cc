// A handler that does not look whether its call is over is destroyed where it waits next.
#include <functional>
#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/coroutines/cancelled_call.h"
#include "tests/coroutines/stage.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

// Never returns by itself; Tracker counts what is left of it.
struct Stubborn {
  const char* name = nullptr;
  Task<> (*handle)(Scene) = nullptr;
};

Task<> Writes(Scene scene) {
  const Tracker tracker;
  const echo::Line line = MakeLine(std::string(4 << 10, 'x'));
  for (;; scene.Round()) (void)co_await scene.stream.Write(line);
}

Task<> Reads(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) {
    scene.waits.Happen();
    (void)co_await scene.stream.Read();
  }
}

Task<> Sleeps(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) (void)co_await Sleep(absl::Milliseconds(1));
}

Task<> SleepsLong(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) {
    scene.waits.Happen();
    (void)co_await Sleep(absl::Hours(1));
  }
}

Task<> SleepsInTasks(Scene scene) {
  const auto sleep = [](Tracker) -> Task<> { co_return co_await Sleep(absl::Milliseconds(1)); };
  for (;; scene.Round()) (void)co_await sleep(Tracker());
}

Task<> Calls(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) (void)co_await scene.self.Upper(Saying("again"));
}

Task<> CallsForItself(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) {
    (void)co_await scene.self.Upper(Saying("again"), {.parent = &scene.context});
  }
}

Task<> ReadsOfAnother(Scene scene) {
  const Tracker tracker;
  auto numbers = scene.self.Count({});
  for (;; scene.Round()) (void)co_await numbers.Read();
}

Task<> Blocks(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) (void)co_await Blocking([&] { return tracker.size(); });
}

Task<> GathersAll(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) {
    (void)co_await WhenAll(Sleep(absl::Milliseconds(1)), Sleep(absl::Milliseconds(2)));
  }
}

Task<> GathersAny(Scene scene) {
  const Tracker tracker;
  for (;; scene.Round()) {
    (void)co_await WhenAny(Sleep(absl::Milliseconds(1)), scene.stream.Read());
  }
}

Task<> GathersTheStubborn(Scene scene) {
  const Tracker tracker;
  (void)co_await WhenAll(Sleeps(scene), SleepsInTasks(scene));
  ADD_FAILURE() << "what never ends has ended";
  co_return absl::OkStatus();
}

Task<> ChoosesOfTheStubborn(Scene scene) {
  const Tracker tracker;
  const auto any = co_await WhenAny(Sleeps(scene), SleepsInTasks(scene));
  ADD_FAILURE() << "none of two was first, but number " << any.index;
  co_return absl::OkStatus();
}

constexpr Stubborn kStubborn[] = {
    {"Writes", Writes},
    {"Reads", Reads},
    {"Sleeps", Sleeps},
    {"SleepsLong", SleepsLong},
    {"SleepsInTasks", SleepsInTasks},
    {"Calls", Calls},
    {"CallsForItself", CallsForItself},
    {"ReadsOfAnother", ReadsOfAnother},
    {"Blocks", Blocks},
    {"GathersAll", GathersAll},
    {"GathersAny", GathersAny},
    {"GathersTheStubborn", GathersTheStubborn},
    {"ChoosesOfTheStubborn", ChoosesOfTheStubborn},
};

// It hears of the end at most once from each await that was under way, and once more.
constexpr int kRoundsMax = 3;
// A stream of another call tells it only when it goes through the loop: after 64 messages.
constexpr int kRoundsOfAnotherMax = 3 * 64;

class StubbornTest : public CancelledCallTest,
                     public testing::WithParamInterface<std::tuple<Stubborn, Ending>> {
 protected:
  StubbornTest() {
    OnCount([](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
      for (int i = 0; co_await out.Write(MakeNumber(i)); ++i) continue;
      co_return out.status();
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Handlers, StubbornTest,
                         testing::Combine(testing::ValuesIn(kStubborn),
                                          testing::Values(Ending::kCancel, Ending::kDeadline,
                                                          Ending::kLoss)),
                         [](const testing::TestParamInfo<std::tuple<Stubborn, Ending>>& info) {
                           return std::string(std::get<0>(info.param).name) +
                                  EndingName(std::get<1>(info.param));
                         });

TEST_P(StubbornTest, IsDestroyedOnceAndTheServerGoesOn) {
  const auto& [stubborn, ending] = GetParam();
  Begin(ending, stubborn.handle);
  EndCall();
  ExpectHandlerGone();
  const bool other = stubborn.handle == ReadsOfAnother;
  EXPECT_LE(rounds_after_end(), other ? kRoundsOfAnotherMax : kRoundsMax);
  EXPECT_EQ(Tracker::alive(), 0);
}

}  // namespace
}  // namespace rpc
