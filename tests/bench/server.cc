// The server that is measured.
//
//     bazel run -c opt //tests/bench:server -- --listen=tcp://127.0.0.1:7000
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "tests/bench/bench_service.h"
#include "tests/bench/measure/server_options.h"

namespace bench {
namespace {

absl::Status Serve(const ServerOptions& options) {
  if (options.stream) {
    return absl::InvalidArgumentError("--stream: a call says what it wants of this server");
  }
  rpc::ServerOptions of_server;
  of_server.threads = static_cast<int>(options.threads);
  of_server.calls_max = static_cast<size_t>(options.calls_max);
  of_server.calls_waiting_max = static_cast<size_t>(options.calls_waiting_max);
  of_server.limits.message_size_max = static_cast<uint64_t>(options.message_size_max);
  of_server.limits.memory_size_max = 4 * of_server.limits.message_size_max;
  of_server.busy_poll = absl::Microseconds(options.busy_poll_us);
  of_server.limits.md5_waived = options.md5_waived;
  rpc::Server server(of_server);
  server.Add(std::make_shared<BenchService>());
  rpc::ListenOptions listen;
  if (!options.congestion.empty()) listen.socket.congestion = options.congestion.c_str();
  if (absl::Status s = server.Listen(options.listen, listen); !s.ok()) return s;
  if (absl::Status s = server.Start(); !s.ok()) return s;
  server.ShutdownOnSignals();
  SayListening(server.addresses().front());
  return server.Wait();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::ServerOptions options;
  if (const int code = bench::ReadServerOptions(argc, argv, "server", &options); code >= 0) {
    return code;
  }
  return rpc::Exit(bench::Serve(options));
}
