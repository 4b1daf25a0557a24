// Where values go in a histogram, and what comes out of it.
#include "rpc/histogram.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "services/stats/histograms.h"
#include "services/stats/stats.rpc.h"

namespace rpc {
namespace {

TEST(HistogramTest, BucketsFollowEachOtherWithoutAGap) {
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    EXPECT_EQ(Histogram::BucketOf(Histogram::FirstOf(i)), i);
    const uint64_t last = Histogram::FirstOf(i + 1) - 1;
    EXPECT_EQ(Histogram::BucketOf(last), i);
  }
}

TEST(HistogramTest, ABucketIsNarrow) {
  for (size_t i = 64; i < Histogram::kBuckets; ++i) {
    const uint64_t first = Histogram::FirstOf(i);
    EXPECT_LE((Histogram::FirstOf(i + 1) - first) * 32, first) << i;
  }
}

TEST(HistogramTest, WhatIsTooLargeIsInTheLast) {
  EXPECT_EQ(Histogram::BucketOf(uint64_t{1} << 40), Histogram::kBuckets - 1);
  EXPECT_EQ(Histogram::BucketOf(std::numeric_limits<uint64_t>::max()), Histogram::kBuckets - 1);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 60; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Quantile(0.5), 30U);
  EXPECT_EQ(histogram.Quantile(0), 1U);
  EXPECT_EQ(histogram.Max(), 60U);
  EXPECT_EQ(histogram.count(), 60U);
  EXPECT_DOUBLE_EQ(histogram.Mean(), 30.5);
}

TEST(HistogramTest, NothingHasNoQuantile) {
  EXPECT_EQ(Histogram().Quantile(0.99), 0U);
  EXPECT_EQ(Histogram().Mean(), 0);
}

TEST(HistogramTest, QuantilesOfAMillionValuesAreRightToThreePercent) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<> sizes(6, 2);
  Histogram histogram;
  std::vector<uint64_t> values;
  for (int i = 0; i < 1'000'000; ++i) {
    values.push_back(static_cast<uint64_t>(sizes(random)) + 1);
    histogram.Add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto place = static_cast<size_t>(share * static_cast<double>(values.size())) - 1;
    const auto right = static_cast<double>(values[place]);
    EXPECT_NEAR(static_cast<double>(histogram.Quantile(share)), right, right * 0.03) << share;
  }
}

TEST(HistogramTest, TheDifferenceIsWhatWasAddedBetween) {
  Histogram histogram;
  histogram.Add(10, 5);
  const Histogram earlier = histogram;
  histogram.Add(1'000, 3);
  Histogram since = histogram;
  since -= earlier;
  EXPECT_EQ(since.count(), 3U);
  EXPECT_EQ(since.sum(), 3'000U);
  EXPECT_NEAR(static_cast<double>(since.Quantile(0)), 1'000, 16);
}

TEST(HistogramTest, TheSumHasTheValuesOfBoth) {
  Histogram a;
  Histogram b;
  a.Add(1);
  b.Add(1'000'000, 2);
  a += b;
  EXPECT_EQ(a.count(), 3U);
  EXPECT_EQ(a.sum(), 2'000'001U);
  EXPECT_EQ(a.Quantile(0.1), 1U);
}

TEST(HistogramTest, ItIsTheSameBehindTheWire) {
  Histogram sent;
  for (const uint64_t value : {0, 63, 64, 1'000, 123'456'789}) sent.Add(value, value % 7 + 1);
  stats::Histogram wire;
  stats::WriteHistogram(sent, &wire);
  EXPECT_EQ(wire.buckets_size(), 5);
  const Histogram received = stats::ReadHistogram(wire);
  EXPECT_EQ(std::vector(received.counts().begin(), received.counts().end()),
            std::vector(sent.counts().begin(), sent.counts().end()));
  EXPECT_EQ(received.count(), wire.count());
  EXPECT_EQ(received.sum(), sent.sum());
}

TEST(HistogramTest, WhatAPeerMadeUpIsTakenAsFarAsItGoes) {
  stats::Histogram wire;
  wire.add_buckets(std::numeric_limits<uint32_t>::max());
  wire.add_buckets(3);
  wire.add_counts(2);
  const Histogram histogram = stats::ReadHistogram(wire);
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(Histogram::BucketOf(histogram.Max()), Histogram::kBuckets - 1);
}

}  // namespace
}  // namespace rpc
