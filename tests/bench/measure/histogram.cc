#include "tests/bench/measure/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bench {

Histogram::Histogram() : counts_(size_t{64 - kBits + 1} << kBits) {}

size_t Histogram::BucketOf(uint64_t value) {
  const int width = static_cast<int>(std::bit_width(value));
  const int shift = std::max(0, width - kBits - 1);
  return (static_cast<size_t>(shift) << kBits) + (value >> shift);
}

double Histogram::MiddleOf(size_t bucket) {
  constexpr size_t kLinear = size_t{2} << kBits;  // up to here a bucket is one value
  if (bucket < kLinear) return static_cast<double>(bucket);
  const int shift = static_cast<int>(bucket >> kBits) - 1;
  const size_t first = bucket - (static_cast<size_t>(shift) << kBits);
  return std::ldexp(static_cast<double>(first) + 0.5, shift) - 0.5;
}

double Histogram::Quantile(double part) const {
  const double wanted = std::ceil(part * static_cast<double>(count_));
  double reached = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    reached += static_cast<double>(counts_[bucket]);
    if (counts_[bucket] != 0 && reached >= wanted) {
      return std::min(MiddleOf(bucket), static_cast<double>(max_));
    }
  }
  return static_cast<double>(max_);
}

}  // namespace bench
