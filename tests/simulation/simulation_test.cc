#include "tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "tests/simulation/datagram_simulation.h"

namespace rpc::simulation {
namespace {

// A sanitizer makes a seed several times as slow: then fewer do.
uint64_t SeedsToRun() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  uint64_t seeds = 300;
#else
  uint64_t seeds = 2'000;
#endif
  if (const char* text = std::getenv("SIMULATION_SEEDS")) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &seeds)) << "SIMULATION_SEEDS is " << text;
  }
  return seeds;
}

TEST(Simulation, FindsNothingToComplainOf) {
  std::map<std::string, uint64_t> counts;
  for (uint64_t seed = 1; seed <= SeedsToRun(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Outcome outcome = Simulate(seed);
    ASSERT_EQ(outcome.complaint, "");
    for (const auto& [what, amount] : outcome.counts) counts[what] += amount;
  }
  // What it is meant to show has to happen.
  for (const char* what :
       {"calls handled", "messages to clients", "messages to handlers", "end: OK",
        "end: DEADLINE_EXCEEDED", "end: UNAVAILABLE", "end: UNAVAILABLE, unseen", "end: DATA_LOSS",
        "end: cancelled by the client", "connections without HELLO", "fault: server drains",
        "fault: server killed", "fault: half-open connection", "fault: connection reset at a byte",
        "fault: bit flipped in a body", "fault: bit flipped in a header"}) {
    EXPECT_GT(counts[what], 0u) << what;
  }
}

TEST(Simulation, GivesTheSameRunForTheSameSeed) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::string first;
    std::string second;
    const Outcome once = Simulate(seed, [&](const std::string& line) { first += line + "\n"; });
    const Outcome again = Simulate(seed, [&](const std::string& line) { second += line + "\n"; });
    ASSERT_EQ(once.digest, again.digest) << "seed " << seed;
    ASSERT_EQ(first, second) << "seed " << seed;
    ASSERT_EQ(once.digest, Simulate(seed).digest) << "tracing has changed seed " << seed;
  }
}

TEST(Simulation, GivesAnotherRunForAnotherSeed) {
  EXPECT_NE(Simulate(1).digest, Simulate(2).digest);
}

TEST(DatagramSimulation, FindsNothingToComplainOf) {
  std::map<std::string, uint64_t> counts;
  for (uint64_t seed = 1; seed <= SeedsToRun(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Outcome outcome = SimulateDatagrams(seed);
    ASSERT_EQ(outcome.complaint, "");
    for (const auto& [what, amount] : outcome.counts) counts[what] += amount;
  }
  for (const char* what : {"calls handled",
                           "end: OK",
                           "end: DEADLINE_EXCEEDED",
                           "end: UNAVAILABLE",
                           "end: UNIMPLEMENTED",
                           "end: RESOURCE_EXHAUSTED",
                           "end: NOT_FOUND",
                           "end: given up",
                           "end: with its process",
                           "fault: datagram lost",
                           "fault: datagram copied",
                           "fault: datagram late",
                           "fault: datagram cut",
                           "fault: bit flipped in a body",
                           "fault: bit flipped in a header",
                           "fault: client restarts",
                           "fault: server drains",
                           "fault: server killed",
                           "fault: garbage sent",
                           "fault: CALL forged",
                           "fault: flood"}) {
    EXPECT_GT(counts[what], 0u) << what;
  }
}

TEST(DatagramSimulation, GivesTheSameRunForTheSameSeed) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::string first;
    std::string second;
    (void)SimulateDatagrams(seed, [&](const std::string& line) { first += line + "\n"; });
    (void)SimulateDatagrams(seed, [&](const std::string& line) { second += line + "\n"; });
    ASSERT_EQ(first, second) << "seed " << seed;
    ASSERT_EQ(SimulateDatagrams(seed).digest, SimulateDatagrams(seed).digest) << "seed " << seed;
  }
}

}  // namespace
}  // namespace rpc::simulation
