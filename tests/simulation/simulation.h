// One run: builds the world that a seed stands for, lets it go on until all calls have ended and
// every connection is closed, and says what happened.
//
//     const Outcome outcome = Simulate(seed);
//     if (!outcome.complaint.empty()) ...
//
// Threads: a run has none; runs in several threads at once do not know of each other.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/simulation/world.h"

namespace rpc::simulation {

struct Outcome {
  std::string complaint;  // empty: all is well
  uint64_t steps = 0;
  uint64_t digest = 0;  // the same for the same seed, always
  std::map<std::string, uint64_t> counts;
};

Outcome Simulate(uint64_t seed, const Trace& trace = nullptr);

}  // namespace rpc::simulation
