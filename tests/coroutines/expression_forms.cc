#include "tests/coroutines/expression_forms.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "rpc/blocking.h"
#include "rpc/when.h"
#include "tests/coroutines/hand_run.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

// What a user hands over within a call: trivially destructible.
struct Options {
  absl::Duration timeout = absl::Seconds(1);
  const Tracker* tracker = nullptr;
};

// The same with a constructor, and owning.
class Settings {
 public:
  Settings() = default;
  Settings(absl::Duration timeout) : timeout_(timeout) {}  // NOLINT: implicit, for {...}
  int seconds() const { return static_cast<int>(absl::ToInt64Seconds(timeout_)); }

 private:
  absl::Duration timeout_ = absl::Seconds(1);
  Tracker tracker_;
};

int Seconds(const Options& options) {
  const int owned = options.tracker == nullptr ? 0 : options.tracker->size();
  return static_cast<int>(absl::ToInt64Seconds(options.timeout)) + owned;
}

Tracker Make() { return Tracker(); }

Task<int> ByReference(const Tracker& tracker) {
  co_await Pause();
  co_return tracker.size();
}
Task<int> ByValue(Tracker tracker) {
  co_await Pause();
  co_return tracker.size();
}
Task<Tracker> Later() {
  co_await Pause();
  co_return Tracker();
}
Task<int> Deep(Tracker tracker, int depth) {
  const Tracker mine = tracker;
  if (depth == 0) co_return co_await ByReference(mine);
  const int below = co_await Deep(tracker, depth - 1);
  co_return below + 1;
}
Task<int> WithOptions(const Options& options) {
  co_await Pause();
  co_return Seconds(options);
}
Task<int> WithOptionsByValue(Options options) {
  co_await Pause();
  co_return Seconds(options);
}
Task<int> WithSettings(const Settings& settings = {}) {
  co_await Pause();
  co_return settings.seconds();
}
template <typename F>
Task<int> Invoke(F f) {
  co_await Pause();
  co_return f();
}
Task<int> Throws(Tracker tracker) {
  co_await Pause();
  throw std::runtime_error(std::to_string(tracker.size()));
}

Task<int> ATemporary() {
  int n = co_await ByReference(Tracker());
  n += co_await ByValue(Tracker());
  co_return n;
}
Task<int> AReturnedTemporary() {
  int n = co_await ByReference(Make());
  n += co_await ByValue(Make());
  co_return n;
}
Task<int> AReturn() { co_return co_await ByReference(Tracker()); }
Task<int> ALocal() {
  const Tracker tracker;
  co_return co_await ByReference(tracker) + co_await ByValue(tracker);
}
Task<int> Levels() { co_return co_await Deep(Tracker(), 3); }
Task<int> AnAwaitAsArgument() { co_return co_await ByReference(co_await Later()); }
Task<int> ATaskWithAName() {
  Task<int> task = ByValue(Tracker());
  co_return co_await std::move(task);
}
Task<int> ACommaAndAnOptional() {
  std::optional<Tracker> tracker(std::in_place);
  co_return (co_await ByReference(*tracker), co_await ByValue(std::move(*tracker)));
}

Task<int> BothInACondition() {
  int n = 0;
  if (co_await ByReference(Tracker()) && co_await ByValue(Tracker())) n = 1;
  co_return n;
}
Task<int> AConditionOfAWhile() {
  int n = 0;
  while (const int each = co_await ByReference(Make())) {
    n += each;
    if (n > 200) break;
  }
  co_return n;
}
Task<int> AnInitialisingIf() {
  int n = 0;
  for (int i = 0; i < 3; ++i) {
    if (const int each = co_await ByReference(Tracker()); each > 3) n += each;
  }
  co_return n;
}
Task<int> AConditionalTaken() {
  int n = 0;
  n = Tracker::alive() >= 0 ? co_await ByReference(Tracker()) : 3;
  co_return n;
}
Task<int> AConditionalNotTaken() {
  int n = 0;
  n = Tracker::alive() < 0 ? 3 : co_await ByReference(Tracker());
  co_return n;
}
Task<int> AChosenTask() {
  Task<int> task = Tracker::alive() < 0 ? ByValue(Tracker(1)) : ByValue(Tracker());
  co_return co_await std::move(task);
}
Task<int> ASwitch() {
  int n = 0;
  switch (co_await ByReference(Tracker())) {
    case 64:
      n = 2;
  }
  co_return n;
}
Task<int> ARangeOverATemporary() {
  int n = 0;
  for (const Tracker& each : std::vector<Tracker>(3)) {
    n += co_await ByReference(Tracker()) + each.size();
  }
  co_return n;
}
Task<int> ATry() {
  int n = 0;
  try {
    n = co_await ByReference(Tracker());
    n += co_await Throws(Tracker());
  } catch (const std::runtime_error& e) {
    n += std::stoi(e.what());
  }
  co_return n;
}

Task<int> BracedOptions() {
  int n = co_await WithOptions({});
  n += co_await WithOptions({.timeout = absl::Seconds(2)});
  n += co_await WithOptionsByValue({.timeout = absl::Seconds(2)});
  co_return n;
}
Task<int> OptionsThatPoint() {
  const Tracker tracker;
  int n = co_await WithOptions({.timeout = absl::Seconds(2), .tracker = &tracker});
  n += co_await WithOptionsByValue({.timeout = absl::Seconds(2), .tracker = &tracker});
  co_return n;
}
Task<int> SettingsOfAClass() {
  int n = co_await WithSettings();
  n += co_await WithSettings({absl::Seconds(2)});
  n += co_await WithSettings(Settings(absl::Seconds(3)));
  co_return n;
}

Task<int> ALambdaThatRefers() {
  const Tracker tracker;
  co_return co_await Invoke([&] { return tracker.size(); });
}
Task<int> ALambdaWithAName() {
  const Tracker tracker;
  const auto size = [tracker] { return tracker.size(); };
  co_return co_await Invoke(size);
}
Task<int> ACoroutineLambda() {
  const Tracker tracker;
  int n = co_await [](Tracker t) -> Task<int> {
    co_await Pause();
    co_return t.size();
  }(tracker);
  n += co_await [](const Tracker& t) -> Task<int> {
    co_await Pause();
    co_return t.size();
  }(tracker);
  co_return n;
}

Task<int> All() {
  auto all = co_await WhenAll(ByReference(Make()), ByValue(Tracker()));
  co_return std::get<0>(all) + std::get<1>(all);
}
Task<int> AllOfAVector() {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(ByValue(Tracker()));
  int n = 0;
  for (const int each : co_await WhenAll(std::move(tasks))) n += each;
  co_return n;
}
Task<int> AllOfTrackers() {
  auto all = co_await WhenAll(Later(), Later());
  co_return std::get<0>(all).size() + std::get<1>(all).size();
}
Task<int> Any() {
  auto any = co_await WhenAny(ByValue(Tracker()), Later());
  co_return *std::get<0>(any.results);
}

Task<int> BlockingThatRefers() {
  const Tracker tracker;
  co_return co_await Blocking([&] { return tracker.size(); });
}
Task<int> BlockingOnANumber() {
  const int number = 64;
  co_return co_await Blocking([number] { return number; });
}
Task<int> BlockingWithAName() {
  const Tracker tracker;
  const auto work = [tracker] { return tracker.size(); };
  co_return co_await Blocking(work);
}

constexpr ExpressionForm kForms[] = {
    {"ATemporary", ATemporary, 128},
    {"AReturnedTemporary", AReturnedTemporary, 128},
    {"AReturn", AReturn, 64},
    {"ALocal", ALocal, 128},
    {"Levels", Levels, 67},
    {"AnAwaitAsArgument", AnAwaitAsArgument, 64},
    {"ATaskWithAName", ATaskWithAName, 64},
    {"ACommaAndAnOptional", ACommaAndAnOptional, 64},
    {"BothInACondition", BothInACondition, 1},
    {"AConditionOfAWhile", AConditionOfAWhile, 256},
    {"AnInitialisingIf", AnInitialisingIf, 192},
    {"AConditionalTaken", AConditionalTaken, 64},
    {"AConditionalNotTaken", AConditionalNotTaken, 64},
    {"AChosenTask", AChosenTask, 64},
    {"ASwitch", ASwitch, 2},
    {"ARangeOverATemporary", ARangeOverATemporary, 384},
    {"ATry", ATry, 128},
    {"BracedOptions", BracedOptions, 5},
    {"OptionsThatPoint", OptionsThatPoint, 132},
    {"SettingsOfAClass", SettingsOfAClass, 6},
    {"ALambdaThatRefers", ALambdaThatRefers, 64},
    {"ALambdaWithAName", ALambdaWithAName, 64},
    {"ACoroutineLambda", ACoroutineLambda, 128},
    {"All", All, 128},
    {"AllOfAVector", AllOfAVector, 192},
    {"AllOfTrackers", AllOfTrackers, 128},
    {"Any", Any, 64},
    {"BlockingThatRefers", BlockingThatRefers, 64, true},
    {"BlockingOnANumber", BlockingOnANumber, 64, true},
    {"BlockingWithAName", BlockingWithAName, 64, true},
};

}  // namespace

std::span<const ExpressionForm> ExpressionForms() { return kForms; }

}  // namespace rpc
