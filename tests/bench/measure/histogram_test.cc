#include "tests/bench/measure/histogram.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace bench {
namespace {

Histogram Of(uint64_t first, uint64_t last) {
  Histogram histogram;
  for (uint64_t value = first; value <= last; ++value) histogram.Add(value);
  return histogram;
}

TEST(Histogram, WithoutValuesEveryQuantileIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  EXPECT_EQ(histogram.Quantile(1), 0);
}

TEST(Histogram, SmallValuesAreExact) {
  const Histogram histogram = Of(1, 100);
  EXPECT_EQ(histogram.Quantile(0.5), 50);
  EXPECT_EQ(histogram.Quantile(0.99), 99);
  EXPECT_EQ(histogram.Quantile(1), 100);
}

TEST(Histogram, LargeValuesAreRightToOnePart) {
  for (uint64_t value = 1; value < uint64_t{1} << 62; value = value * 3 + 1) {
    Histogram histogram;
    histogram.Add(value);
    histogram.Add(UINT64_MAX);
    const auto exact = static_cast<double>(value);
    EXPECT_NEAR(histogram.Quantile(0.5), exact, exact / 128) << value;
  }
}

TEST(Histogram, NeighbouringBucketsMeet) {
  for (uint64_t value = 200; value < 5'000; ++value) {
    EXPECT_LE(Of(value, value).Quantile(0.5), Of(value + 1, value + 1).Quantile(0.5)) << value;
  }
}

TEST(Histogram, NoQuantileIsAboveTheLargestValue) {
  Histogram histogram;
  histogram.Add(1'000'001);
  EXPECT_EQ(histogram.Quantile(0.999), 1'000'001);
  EXPECT_EQ(histogram.max(), 1'000'001u);
}

TEST(Histogram, TheLargestNumberHasABucket) {
  Histogram histogram;
  histogram.Add(UINT64_MAX);
  EXPECT_EQ(histogram.count(), 1u);
  EXPECT_GT(histogram.Quantile(0.5), 1.8e19);
}

TEST(Histogram, RareValuesAreSeenFarOut) {
  Histogram histogram;
  for (int i = 0; i < 998; ++i) histogram.Add(10);
  histogram.Add(5'000);
  histogram.Add(5'000);
  EXPECT_EQ(histogram.Quantile(0.99), 10);
  EXPECT_NEAR(histogram.Quantile(0.999), 5'000, 40);
}

}  // namespace
}  // namespace bench
