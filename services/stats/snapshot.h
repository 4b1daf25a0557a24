// A server's counters as the stats service tells them.
#pragma once

#include "rpc/rpc.h"
#include "services/stats/stats.rpc.h"

namespace stats {

// Methods and loops are empty-handed unless the server measures: see rpc::Server::Measure.
void TakeSnapshot(const rpc::Server& server, Snapshot* snapshot);

}  // namespace stats
