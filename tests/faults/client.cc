// Makes calls of every kind until it is killed; for tests that kill it.
//
//     faults_client --to=tcp://127.0.0.1:7000 --to=udp://127.0.0.1:7000
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/terminal/flags.h"
#include "services/terminal/program.h"
#include "tests/faults/caller.h"

namespace {

constexpr int kCallers = 16;

rpc::Task<void> CallForEver(ledger::Ledger::Client client, uint64_t seed, bool streams) {
  std::mt19937_64 random(seed);
  const std::function<void()> on_end = [] {};
  for (uint64_t id = 0;; ++id) {
    ledger::CallPlan plan = ledger::DrawPlan(id, &random, {.streams = streams});
    plan.pause_ms *= 10;  // so that some are open whenever it is killed
    (void)co_await ledger::MakeCall(client, plan, on_end);
  }
}

}  // namespace

int main(int argc, char** argv) {
  terminal::BeginProgram();
  std::vector<std::string> to;
  rpc::TlsOptions tls_options;
  terminal::Flags flags("faults_client [FLAGS]", "Makes calls until it is killed.");
  flags.Texts("to", "ADDRESS", "of a server", &to);
  flags.Text("ca", "FILE", "for tls://", &tls_options.ca_file);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return rpc::Fail(s);
  if (flags.help()) return flags.PrintHelp();
  absl::StatusOr<rpc::Tls> tls = rpc::Tls::Client(tls_options);
  if (!tls.ok()) return rpc::Fail(tls.status());
  for (const std::string& address : to) {
    const ledger::Ledger::Client client(rpc::Channel(address, {.tls = &*tls}));
    const bool streams = !address.starts_with("udp:");
    for (int i = 0; i < kCallers; ++i) {
      rpc::Spawn(
          [client, i, streams] { return CallForEver(client, static_cast<uint64_t>(i), streams); });
    }
  }
  std::printf("calling\n");
  std::fflush(stdout);
  while (true) absl::SleepFor(absl::Hours(1));
}
