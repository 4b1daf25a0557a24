// What every load generator, ours and those of the peers, can be told.
//
//     LoadOptions options;
//     const int code = ReadLoadOptions(argc, argv, {"echo", "stream"}, &options);
//     if (code >= 0) return code;
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace bench {

struct LoadOptions {
  std::string server = "tcp://127.0.0.1:7000";
  int64_t server_pid = 0;  // whose CPU time is measured

  std::string workload = "echo";
  int64_t connections = 1;
  int64_t in_flight = 1;  // calls of each connection
  int64_t size = 64;      // of what is sent to and fro
  bool bytes = false;     // and not a string

  absl::Duration warm_up = absl::Milliseconds(300);
  absl::Duration duration = absl::Milliseconds(1'500);
  int64_t count = 0;  // of calls, instead of a duration and without warming up

  int64_t rate = 0;
  int64_t work_us = 0;
  int64_t slow_percent = 1;
  int64_t slow_us = 5'000;
  int64_t calls_waiting_max = 100'000;
  absl::Duration timeout = absl::Seconds(10);

  bool md5_waived = false;
  int64_t busy_poll_us = 0;
  std::string congestion = {};
};

// The exit code with which the program is to end, because it was asked for help, for nonsense, or
// for a workload that is none of its own; -1 when it goes on.
int ReadLoadOptions(int argc, const char* const* argv, const std::vector<std::string>& workloads,
                    LoadOptions* options);

}  // namespace bench
