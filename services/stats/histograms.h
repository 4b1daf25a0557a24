// rpc::Histogram on the wire, and back.
//
//     rpc::Histogram latency = stats::ReadHistogram(snapshot.methods(0).latency());
//     latency.Quantile(0.99)
#pragma once

#include "rpc/histogram.h"
#include "services/stats/stats.rpc.h"

namespace stats {

void WriteHistogram(const rpc::Histogram& from, Histogram* to);

// Whatever it is sent: what does not go together is left out.
rpc::Histogram ReadHistogram(const Histogram& from);

}  // namespace stats
