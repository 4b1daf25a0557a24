// A program that a test starts, signals and ends: its lines, its limits, and how it ended.
//
//     ChildProcess server("examples/server", {"--listen=tcp://127.0.0.1:0"});
//     const std::string line = server.ReadLine();         // "listening on tcp://127.0.0.1:43210"
//     server.Signal(SIGTERM);
//     EXPECT_EQ(server.Wait(), 0);                        // its exit code
//
// It inherits stderr. Threads: one at a time. Lifetime: the destructor kills what still runs.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "rpc/net/socket.h"

namespace rpc {

// What the system says of a process; all 0 once it is gone.
struct ProcessFigures {
  uint64_t resident_kib = 0;
  uint64_t threads = 0;
  uint64_t descriptors = 0;
};

ProcessFigures FiguresOf(pid_t pid);

class ChildProcess {
 public:
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // 0 once it was waited for.
  pid_t pid() const { return pid_; }

  // The next line of its output, without its end; nothing when no line follows, or not in time.
  std::optional<std::string> ReadLine(absl::Duration timeout = absl::Seconds(60));

  void Signal(int number) const;

  // Of a resource as setrlimit names it, from now on: the soft limit, so that it can be lifted.
  void Limit(__rlimit_resource resource, rlim_t limit) const;
  void Unlimit(__rlimit_resource resource) const;

  // Its exit code, or the number of the signal that ended it, less than 0; nothing when it still
  // runs after `timeout`.
  std::optional<int> Wait(absl::Duration timeout = absl::Seconds(60));

 private:
  pid_t pid_ = 0;
  net::Descriptor out_;
  std::string unread_;
};

}  // namespace rpc
