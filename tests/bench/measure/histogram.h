// Counts of values, in buckets that are at most 1/128 of their values wide.
//
//     Histogram latencies;
//     latencies.Add(1'234);
//     latencies.Quantile(0.99);
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

class Histogram {
 public:
  Histogram();

  void Add(uint64_t value) {
    ++counts_[BucketOf(value)];
    ++count_;
    if (value > max_) max_ = value;
  }

  // The middle of the bucket in which this part of all values is reached, and never more than the
  // largest; 0 when there are none.
  double Quantile(double part) const;

  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }

 private:
  // Values below 2^kBits have a bucket each, and every power of two above has 2^kBits.
  static constexpr int kBits = 7;

  static size_t BucketOf(uint64_t value);
  static double MiddleOf(size_t bucket);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace bench
