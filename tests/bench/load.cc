// Puts load on the server of this folder, and prints what was measured as a line of JSON.
//
//     bazel run -c opt //tests/bench:load -- --server=tcp://127.0.0.1:7000 --in_flight=256
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "tests/bench/load/clients.h"
#include "tests/bench/load/workloads.h"
#include "tests/bench/measure/descriptors.h"
#include "tests/bench/measure/load_options.h"
#include "tests/bench/measure/meter.h"

namespace bench {
namespace {

absl::Status RunWorkload(Clients* clients, Meter* meter) {
  const std::string& workload = clients->options().workload;
  if (workload == "wait") return RunWait(clients, meter);
  if (workload == "stream") return RunStream(clients, meter);
  if (workload == "rate") return RunRate(clients, meter);
  return RunEcho(clients, meter, workload == "mix");
}

absl::Status Load(const LoadOptions& options) {
  RaiseDescriptorLimit();
  Clients clients(options);
  if (absl::Status s = clients.Connect(); !s.ok()) return s;
  Meter meter(options);
  if (absl::Status s = RunWorkload(&clients, &meter); !s.ok()) return s;
  std::puts(meter.Result("uvrpc").c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::LoadOptions options;
  const int code =
      bench::ReadLoadOptions(argc, argv, {"echo", "mix", "wait", "stream", "rate"}, &options);
  if (code >= 0) return code;
  return rpc::Exit(bench::Load(options));
}
