// What a server does method by method, and how its loops keep up: Server::statistics().
//
//     server.Measure();                                       // before Start
//     for (const rpc::MethodStatistics& method : server.statistics().methods) {
//       Print(method.name, method.ok, method.latency.Quantile(0.99));
//     }
//
// Everything but `open` only rises (a call that a limit turns away is taken off `begun` again), so
// that the difference of two copies is what happened between
// them. What several loops have done is added up while they go on: a call that ends meanwhile may
// be in one number, and not yet in another. //services/stats tells it to clients.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "rpc/histogram.h"

namespace rpc {

struct MethodStatistics {
  std::string name = {};  // package.Service/Method
  uint64_t open = 0;      // whose handlers have not ended
  uint64_t begun = 0;
  uint64_t ok = 0;
  std::array<uint64_t, 17> failed = {};  // by status code; of the handler or the session
  uint64_t cancelled = 0;                // by their client or a lost connection
  uint64_t expired = 0;                  // by their deadline
  uint64_t refused = 0;  // by a limit of the server or of the method: no handler saw them
  // Of messages, without their frames and before compression.
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  // Microseconds from the turn of the loop in which a call came to the end of its handler, of every
  // call that has ended.
  Histogram latency = {};
};

struct LoopStatistics {
  // Microseconds by which a loop was late for a timer, looked at ten times a second. Up to one
  // millisecond is the grain of its timers.
  Histogram lag = {};
};

struct ServerStatistics {
  absl::Time started = absl::InfinitePast();  // that is: not yet
  absl::Duration uptime = absl::ZeroDuration();
  std::vector<MethodStatistics> methods = {};
  std::vector<LoopStatistics> loops = {};
};

}  // namespace rpc
