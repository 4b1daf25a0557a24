// Tables of what servers tell of themselves. No state; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "services/cli/style.h"
#include "services/stats/stats.rpc.h"

namespace cli {

// Calls whose handlers failed, or that ended too late.
uint64_t FailuresOf(const stats::Method& method);

// A line for each method since the server began, those that were called most first; with `all` also
// those that nobody has called.
std::string MethodTable(const stats::Snapshot& snapshot, bool all, const Style& style);

}  // namespace cli
