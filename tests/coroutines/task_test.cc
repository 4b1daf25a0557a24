// Tasks by themselves: what they give, and what they cost.
#include "rpc/task.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "rpc/net/loop.h"
#include "tests/coroutines/allocations.h"
#include "tests/coroutines/hand_run.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

class TaskTest : public testing::Test {
 protected:
  TaskTest() { Pause::held = true; }
  ~TaskTest() override { Pause::held = false; }

  // What the task gives, with every pause ended.
  template <typename T>
  T Finish(Task<T> task) {
    HandRun<T> run(&loop_, std::move(task));
    while (Pause::EndOne(&loop_)) continue;
    EXPECT_TRUE(run.ended());
    return run.Take();
  }

  net::Loop loop_;
};

Task<int> Value(int n) { return n; }
Task<int> AtOnce(int n) { co_return n; }
Task<int> Later(int n) {
  co_await Pause();
  co_return n;
}

Task<int> Sum(Task<int> a, Task<int> b) { co_return co_await std::move(a) + co_await std::move(b); }

Task<std::string> Text() { return "from a literal"; }
Task<> Failing() { return absl::NotFoundError("nothing here"); }

Task<void> Assign(int* place) {
  co_await Pause();
  *place = 1;
}

Task<int> Throw(bool later) {
  if (later) co_await Pause();
  throw std::runtime_error("thrown below");
}
Task<int> Through(int levels, bool later) {
  if (levels == 0) co_return co_await Throw(later);
  co_return co_await Through(levels - 1, later);
}

Task<> ForgetsItsReturn(bool returns) {
  co_await Pause();
  if (returns) co_return absl::OkStatus();
}
Task<int> ForgetsItsNumber(bool returns) {
  co_await Pause();
  if (returns) co_return 1;
}

Task<int> Holds(Tracker tracker) {
  co_await Pause();
  co_return tracker.size();
}

Task<int> Depth(int depth) {
  if (depth == 0) co_return co_await Later(0);
  co_return 1 + co_await Depth(depth - 1);
}

template <typename F>
Task<int> AwaitInALoop(int times, F make_task) {
  int sum = 0;
  for (int i = 0; i < times; ++i) sum += co_await make_task(1);
  co_return sum;
}

TEST_F(TaskTest, AFunctionThatIsNoCoroutineGivesItsValue) {
  EXPECT_EQ(Finish(Value(7)), 7);
  EXPECT_EQ(Finish(Text()), "from a literal");
  EXPECT_EQ(Finish(Failing()), absl::NotFoundError("nothing here"));
}

TEST_F(TaskTest, ACoroutineGivesItsValueAtOnceOrLater) {
  EXPECT_EQ(Finish(AtOnce(7)), 7);
  EXPECT_EQ(Finish(Later(8)), 8);
}

TEST_F(TaskTest, ACoroutineAwaitsEveryKindOfTask) {
  EXPECT_EQ(Finish(Sum(Value(1), AtOnce(2))), 3);
  EXPECT_EQ(Finish(Sum(Later(1), Later(2))), 3);
}

TEST_F(TaskTest, ATaskOfNothingRunsToItsEnd) {
  int place = 0;
  Finish(Assign(&place));
  EXPECT_EQ(place, 1);
}

TEST_F(TaskTest, ATaskRunsOnlyWhenItIsAwaited) {
  int place = 0;
  { const Task<void> task = Assign(&place); }
  EXPECT_EQ(Pause::waiting(), 0u);
  EXPECT_EQ(place, 0);
}

TEST_F(TaskTest, AnExceptionComesOutOfEveryLevel) {
  EXPECT_THROW(Finish(Through(10, false)), std::runtime_error);
  EXPECT_THROW(Finish(Through(10, true)), std::runtime_error);
}

TEST_F(TaskTest, AnExceptionIsCaughtAtTheAwait) {
  const auto catches = []() -> Task<std::string> {
    try {
      (void)co_await Throw(true);
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
    co_return "nothing was thrown";
  };
  EXPECT_EQ(Finish(catches()), "thrown below");
}

TEST_F(TaskTest, AStatusWithoutCoReturnIsInternal) {
  EXPECT_EQ(Finish(ForgetsItsReturn(true)), absl::OkStatus());
  EXPECT_TRUE(absl::IsInternal(Finish(ForgetsItsReturn(false))));
}

TEST_F(TaskTest, AnyOtherValueWithoutCoReturnThrows) {
  EXPECT_EQ(Finish(ForgetsItsNumber(true)), 1);
  EXPECT_THROW(Finish(ForgetsItsNumber(false)), std::logic_error);
}

TEST_F(TaskTest, ATaskThatIsNeverAwaitedFreesWhatItWasGiven) {
  { const Task<int> task = Holds(Tracker()); }
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(TaskTest, ATaskThatIsDestroyedInAWaitFreesWhatItHolds) {
  {
    HandRun<int> run(&loop_, Sum(Holds(Tracker()), Holds(Tracker())));
    EXPECT_EQ(Tracker::alive(), 2);
    EXPECT_EQ(Pause::waiting(), 1u);
  }
  EXPECT_EQ(Tracker::alive(), 0);
  EXPECT_EQ(Pause::waiting(), 0u);
}

TEST_F(TaskTest, AMovedTaskGoesOnInItsNewPlace) {
  Task<int> first = Holds(Tracker());
  Task<int> second = std::move(first);
  first = Value(3);
  EXPECT_EQ(Finish(Sum(std::move(first), std::move(second))), 67);
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(TaskTest, ATaskThatIsAssignedToLosesWhatItHad) {
  Task<int> task = Holds(Tracker());
  task = Value(3);
  EXPECT_EQ(Tracker::alive(), 0);
  EXPECT_EQ(Finish(std::move(task)), 3);
}

TEST_F(TaskTest, TasksLiveInContainers) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(i % 2 == 0 ? Value(i) : Later(i));
  const auto total = [&]() -> Task<int> {
    int sum = 0;
    for (Task<int>& task : tasks) sum += co_await std::move(task);
    co_return sum;
  };
  EXPECT_EQ(Finish(total()), 4950);
}

TEST_F(TaskTest, AMillionAwaitsInALoopNeedNoStack) {
  EXPECT_EQ(Finish(AwaitInALoop(1'000'000, AtOnce)), 1'000'000);
}

TEST_F(TaskTest, AHundredThousandWaitsInALoopNeedNoStack) {
  EXPECT_EQ(Finish(AwaitInALoop(100'000, Later)), 100'000);
}

TEST_F(TaskTest, AThousandCoroutinesWaitForEachOther) { EXPECT_EQ(Finish(Depth(1'000)), 1'000); }

TEST_F(TaskTest, AThousandCoroutinesAreDestroyedInsideEachOther) {
  { const HandRun<int> run(&loop_, Depth(1'000)); }
  EXPECT_EQ(Pause::waiting(), 0u);
}

TEST_F(TaskTest, ATaskFromAValueAllocatesNothing) {
  const AllocationCount count;
  int sum = 0;
  for (int i = 0; i < 100; ++i) sum += Value(i).Take();
  EXPECT_EQ(count.so_far(), 0u);
  EXPECT_EQ(sum, 4950);
}

TEST_F(TaskTest, FramesAreUsedAgain) {
  Finish(AwaitInALoop(10, Later));
  const AllocationCount count;
  EXPECT_EQ(Finish(AwaitInALoop(1'000, AtOnce)), 1'000);
  EXPECT_EQ(Finish(AwaitInALoop(1'000, Later)), 1'000);
  EXPECT_EQ(count.so_far(), 0u);
}

TEST_F(TaskTest, FramesOfEverySizeAreTheirOwn) {
  const auto large = [](std::vector<char> seed) -> Task<size_t> {
    char room[5'000];
    std::fill(std::begin(room), std::end(room), seed.front());
    co_await Pause();
    co_return static_cast<size_t>(std::count(std::begin(room), std::end(room), 'x'));
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Finish(large({'x'})), 5'000u);
}

}  // namespace
}  // namespace rpc
