// The server of this folder as a child process that listens in every way, and can be started anew
// where it was.
//
//     ServerProcess server;
//     rpc::Channel channel = QuickChannel(Way::kTls, server.address(Way::kTls));
//     server.process().Signal(SIGKILL);
//     server.Restart();                              // the same ports and paths
//
// Threads: one at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rpc/rpc.h"
#include "tests/end_to_end/way.h"
#include "tests/support/child_process.h"

namespace ledger {

using rpc::Way;

inline constexpr Way kWays[] = {Way::kTcp, Way::kTls, Way::kUnix, Way::kUdp};

// tcp, tls, unix, udp
std::string ShortName(Way way);

// Where a socket of this test may be, in a folder of its own.
std::string SomeUnixAddress();

// A channel that is quick to see that its peer is dead, and to try again.
rpc::Channel QuickChannel(Way way, const std::string& address);

// One that soon tries again, over a single connection.
rpc::Channel LonelyChannel(Way way, const std::string& address);

// One that takes no peer for dead because it has other things to do.
rpc::Channel PatientChannel(Way way, const std::string& address);

class ServerProcess {
 public:
  // `flags` of server.cc, besides where it listens. `wrapper` is a program with arguments that runs
  // the one which it is given as its last.
  explicit ServerProcess(std::vector<std::string> flags = {},
                         std::vector<std::string> wrapper = {});

  const std::string& address(Way way) const { return addresses_.at(way); }
  rpc::ChildProcess& process() { return *process_; }

  // Ends it, if it still runs, and starts it again. It is up when this returns.
  void Restart();

 private:
  void Start();

  const std::vector<std::string> flags_;
  const std::vector<std::string> wrapper_;
  std::map<Way, std::string> addresses_;
  std::unique_ptr<rpc::ChildProcess> process_;
};

}  // namespace ledger
