// One run of calls over datagrams: clients, a server, and a network that does with datagrams what
// networks do.
//
//     const Outcome outcome = SimulateDatagrams(seed);
//
// Threads: as Simulate.
#pragma once

#include <cstdint>

#include "tests/simulation/simulation.h"

namespace rpc::simulation {

Outcome SimulateDatagrams(uint64_t seed, const Trace& trace = nullptr);

}  // namespace rpc::simulation
