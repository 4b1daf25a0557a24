#include "services/stats/histograms.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace stats {

void WriteHistogram(const rpc::Histogram& from, Histogram* to) {
  to->Clear();
  for (size_t bucket = 0; bucket < from.counts().size(); ++bucket) {
    const uint64_t count = from.counts()[bucket];
    if (count == 0) continue;
    to->add_buckets(static_cast<uint32_t>(bucket));
    to->add_counts(count);
  }
  to->set_count(from.count());
  to->set_sum_us(from.sum());
}

rpc::Histogram ReadHistogram(const Histogram& from) {
  rpc::Histogram to;
  const int size = std::min(from.buckets_size(), from.counts_size());
  for (int i = 0; i < size; ++i) to.AddToBucket(from.buckets(i), from.counts(i));
  to.AddToSum(from.sum_us());
  return to;
}

}  // namespace stats
