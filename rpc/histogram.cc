#include "rpc/histogram.h"

#include <algorithm>
#include <cmath>

namespace rpc {
namespace {

uint64_t Less(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

uint64_t MiddleOf(size_t bucket) {
  const uint64_t first = Histogram::FirstOf(bucket);
  return first + (Histogram::FirstOf(bucket + 1) - first - 1) / 2;
}

}  // namespace

void Histogram::Add(uint64_t value, uint64_t count) {
  AddToBucket(BucketOf(value), count);
  sum_ += value * count;
}

void Histogram::AddToBucket(size_t bucket, uint64_t count) {
  bucket = std::min(bucket, kBuckets - 1);
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  counts_[bucket] += count;
  count_ += count;
}

Histogram& Histogram::operator+=(const Histogram& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  return *this;
}

Histogram& Histogram::operator-=(const Histogram& earlier) {
  count_ = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (i < earlier.counts_.size()) counts_[i] = Less(counts_[i], earlier.counts_[i]);
    count_ += counts_[i];
  }
  sum_ = Less(sum_, earlier.sum_);
  return *this;
}

double Histogram::Mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

uint64_t Histogram::Quantile(double share) const {
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  uint64_t passed = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    passed += counts_[i];
    if (counts_[i] > 0 && static_cast<double>(passed) >= wanted) return MiddleOf(i);
  }
  return 0;
}

}  // namespace rpc
