// What the system says of this process.
#pragma once

#include "services/stats/stats.rpc.h"

namespace stats {

// All but what only the server knows: version, start and uptime. What the system does not tell
// stays 0.
void DescribeProcess(Process* process);

}  // namespace stats
