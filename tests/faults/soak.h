// Calls of every kind over bad networks for a long time, by clients that come and go, and what they
// leave behind in both processes.
//
//     const SoakReport report = Soak({.duration = absl::Minutes(30)});
//     std::fputs(report.table.c_str(), stdout);
//     return report.complaints.empty();
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/child_process.h"

namespace ledger {

struct SoakOptions {
  absl::Duration duration = absl::Minutes(30);
  absl::Duration sample_every = absl::Seconds(10);
  uint64_t seed = 1;
  bool tells_progress = false;  // each sample on stderr, as it is taken
};

struct SoakSample {
  absl::Duration at = absl::ZeroDuration();
  rpc::ProcessFigures server = {};
  rpc::ProcessFigures client = {};
  uint64_t server_heap = 0;  // bytes in use
  uint64_t client_heap = 0;
  uint64_t succeeded = 0;  // calls, so far
};

// What may grow between the second and the last fifth of the samples, of the medians of both.
inline constexpr uint64_t kResidentGrowthMaxKib = 4 << 10;
inline constexpr uint64_t kHeapGrowthMax = 2 << 20;
inline constexpr uint64_t kDescriptorGrowthMax = 16;  // connections come and go
inline constexpr uint64_t kThreadGrowthMax = 0;

// What has grown more than it may.
std::vector<std::string> GrowthOf(const std::vector<SoakSample>& samples);

struct SoakReport {
  std::string table = {};
  std::vector<std::string> complaints = {};
};

// Complaints are what has grown, calls that ended as they may not, and descriptors or connections
// that are left when all clients are gone.
SoakReport Soak(const SoakOptions& options);

}  // namespace ledger
