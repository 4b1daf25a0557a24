// How many values there were of each size, in buckets that are at most 1/32 as wide as the values
// in them are large: whatever is asked of it is right to 1.6 %, and below 64 exactly.
//
//     rpc::Histogram latency;                       // in microseconds, for example
//     latency.Add(850);
//     uint64_t p99 = latency.Quantile(0.99);        // 99 % of the values are not above it
//     rpc::Histogram since = now;
//     since -= earlier;                             // what was added between two copies
//
// Threads: as those of any value.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rpc {

class Histogram {
 public:
  // Values of 2^40 and above (as microseconds 12 days) are counted in the last.
  static constexpr size_t kBuckets = 1152;

  static constexpr size_t BucketOf(uint64_t value) {
    if (value < 2 * kHalf) return value;
    const int shift = std::bit_width(value) - kHalfBits - 1;
    const size_t bucket = kHalf * static_cast<size_t>(shift) + (value >> shift);
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }

  // The least value of a bucket. REQUIRES: bucket <= kBuckets
  static constexpr uint64_t FirstOf(size_t bucket) {
    if (bucket < 2 * kHalf) return bucket;
    return (kHalf + bucket % kHalf) << (bucket / kHalf - 1);
  }

  void Add(uint64_t value, uint64_t count = 1);
  // From what was counted elsewhere: how many a bucket has, and the sum of all values.
  void AddToBucket(size_t bucket, uint64_t count);
  void AddToSum(uint64_t sum) { sum_ += sum; }

  Histogram& operator+=(const Histogram& other);
  // REQUIRES: `earlier` is an earlier copy of this one; what it is not is taken as 0.
  Histogram& operator-=(const Histogram& earlier);

  uint64_t count() const { return count_; }
  uint64_t sum() const { return sum_; }
  // 0 when there are no values.
  double Mean() const;
  // The value that `share` (0 to 1) of all values do not exceed; the middle of its bucket. 0 when
  // there are no values.
  uint64_t Quantile(double share) const;
  uint64_t Max() const { return Quantile(1); }

  // Of each bucket, as far as there are values.
  std::span<const uint64_t> counts() const { return counts_; }

 private:
  static constexpr int kHalfBits = 5;
  static constexpr size_t kHalf = size_t{1} << kHalfBits;

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace rpc
