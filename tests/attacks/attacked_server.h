// A server in a process of its own, so that what it takes of the machine can be measured while the
// test attacks it: services/echo and services/interop over TCP, TLS and UDP.
//
//     AttackedServer server({.first_header_timeout_us = 1'000'000});
//     Attacker attacker(server.tcp());
//     EXPECT_EQ(server.figures().counters.silent, 1u);
//
// The process is the test's own program, which main.cc has serve when it is started so. It ends
// with the object, and that it ended well (under a sanitizer: without leak or race) is expected
// there. Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "rpc/net/socket.h"
#include "rpc/rpc.h"
#include "tests/attacks/figures.h"

namespace rpc::attacks {

// Sent to the process as its bytes; loop and certificates stay out.
struct ServerPlan {
  ServerOptions options = {};
  session::DatagramLimits datagrams = {};
};

class AttackedServer {
 public:
  explicit AttackedServer(const session::Limits& limits = {});
  explicit AttackedServer(const ServerPlan& plan);
  ~AttackedServer();
  AttackedServer(const AttackedServer&) = delete;
  AttackedServer& operator=(const AttackedServer&) = delete;

  std::string tcp() const { return "tcp://127.0.0.1:" + std::to_string(ports_.tcp); }
  std::string tls() const { return "tls://127.0.0.1:" + std::to_string(ports_.tls); }
  std::string udp() const { return "udp://127.0.0.1:" + std::to_string(ports_.udp); }

  // Whether it has become so in time.
  bool Eventually(const std::function<bool(const Figures&)>& condition);

  Figures figures() const;
  ServerCounters counters() const { return figures().counters; }
  // From here on counts what is the most.
  void BeginMeasuring();

  // What the process does: orders come from its standard input, answers go to its output.
  static int Serve(const char* certificate_file, const char* key_file);

 private:
  struct Ports {
    uint16_t tcp = 0;
    uint16_t tls = 0;
    uint16_t udp = 0;
  };
  enum class Order : uint8_t { kFigures, kMeasure };
  class Process;

  pid_t pid_ = -1;
  net::Descriptor orders_;
  net::Descriptor answers_;
  Ports ports_ = {};
};

}  // namespace rpc::attacks
