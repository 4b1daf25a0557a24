#include "tests/bench/measure/meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace bench {
namespace {

using testing::HasSubstr;

LoadOptions Counting(int64_t count) {
  LoadOptions options;
  options.count = count;
  return options;
}

LoadOptions Lasting(int64_t warm_up_ms, int64_t ms) {
  LoadOptions options;
  options.warm_up = absl::Milliseconds(warm_up_ms);
  options.duration = absl::Milliseconds(ms);
  return options;
}

void PassCall(Meter* meter, Outcome outcome = Outcome::kOk) { meter->Ended(NowNs(), outcome); }

TEST(Meter, WithACountThatManyCallsMayBegin) {
  Meter meter(Counting(3));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(meter.MayBegin());
  EXPECT_FALSE(meter.MayBegin());
}

TEST(Meter, WithACountEveryCallCounts) {
  Meter meter(Counting(2));
  PassCall(&meter);
  PassCall(&meter);
  EXPECT_THAT(meter.Result("x"), HasSubstr("\"calls\": 2,"));
}

TEST(Meter, TellsRefusedAndFailedCallsFromGoodOnes) {
  Meter meter(Counting(4));
  PassCall(&meter, Outcome::kAside);
  PassCall(&meter, Outcome::kRefused);
  PassCall(&meter, Outcome::kFailed);
  PassCall(&meter, Outcome::kFailed);
  EXPECT_THAT(meter.Result("x"), HasSubstr("\"calls\": 1, \"refused\": 1, \"failed\": 2,"));
}

TEST(Meter, CallsThatAreAsideHaveNoLatency) {
  Meter meter(Counting(2));
  meter.Ended(NowNs() - 1'000'000'000, Outcome::kAside);
  EXPECT_THAT(meter.Result("x"), HasSubstr("\"max_us\": 0,"));
}

TEST(Meter, CallsThatEndInTheWarmUpDoNotCount) {
  Meter meter(Lasting(10'000, 10'000));
  PassCall(&meter);
  meter.Passed(5);
  EXPECT_TRUE(meter.MayBegin());
  EXPECT_FALSE(meter.over());
  EXPECT_THAT(meter.Result("x"), HasSubstr("\"calls\": 0,"));
}

TEST(Meter, IsOverAfterItsTime) {
  Meter meter(Lasting(0, 1));
  PassCall(&meter);  // the warm-up ends here
  EXPECT_TRUE(meter.MayBegin());
  absl::SleepFor(absl::Milliseconds(2));
  PassCall(&meter);
  EXPECT_TRUE(meter.over());
  EXPECT_FALSE(meter.MayBegin());
}

TEST(Meter, MeasuresTheCpuTimeOfThisProcess) {
  Meter meter(Counting(1));
  const uint64_t end_ns = OwnCpuTimeNs() + 5'000'000;
  while (OwnCpuTimeNs() < end_ns) continue;
  PassCall(&meter);
  const std::string result = meter.Result("x");
  const size_t at = result.find("\"client_cpu_us\": ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_GE(std::stod(result.substr(at + 17)), 5'000);
}

TEST(Meter, IsALineOfJsonWithTheNameOfThePeer) {
  Meter meter(Counting(1));
  const std::string result = meter.Result("raw_uv");
  EXPECT_TRUE(result.starts_with("{\"peer\": \"raw_uv\", \"workload\": \"echo\",")) << result;
  EXPECT_TRUE(result.ends_with("}"));
  EXPECT_EQ(result.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace bench
