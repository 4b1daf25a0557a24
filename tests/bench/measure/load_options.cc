#include "tests/bench/measure/load_options.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/terminal/flags.h"
#include "services/terminal/program.h"

namespace bench {
namespace {

constexpr int64_t kAnyMax = int64_t{1} << 40;

void DeclareLoad(terminal::Flags* flags, LoadOptions* options) {
  flags->Text("workload", "NAME",
              "echo: each connection has so many calls in flight;\n"
              "wait: the same, with a thread for each call that waits for it;\n"
              "stream: messages of one call, from the server;\n"
              "mix: echo, with slow calls between, which are not in the latencies;\n"
              "rate: calls begin when it is time, whatever became of those before",
              &options->workload);
  flags->Number("connections", 1, 100'000, "to the server", &options->connections);
  flags->Number("in_flight", 1, 1'000'000, "calls at once on each connection", &options->in_flight);
  flags->Number("size", 0, 1 << 30, "bytes of each message", &options->size);
  flags->Bool("bytes", "messages of bytes, and not of a string", &options->bytes);
  flags->Number("rate", 0, kAnyMax, "calls a second of workload rate", &options->rate);
  flags->Number("work_us", 0, 1'000'000, "of computation in the server for each call",
                &options->work_us);
  flags->Number("slow_percent", 0, 100, "slow calls of workload mix", &options->slow_percent);
  flags->Number("slow_us", 0, 1'000'000, "what a slow call sleeps", &options->slow_us);
}

void DeclareMeasurement(terminal::Flags* flags, LoadOptions* options) {
  flags->Text("server", "ADDRESS", "tcp://HOST:PORT or unix:///PATH", &options->server);
  flags->Number("server_pid", 0, kAnyMax, "the server's process, for its CPU time",
                &options->server_pid);
  flags->Duration("warm_up", "before anything is measured", &options->warm_up);
  flags->Duration("duration", "of the measurement", &options->duration);
  flags->Number("count", 0, kAnyMax,
                "so many calls (or messages) instead of a duration, and no warming up",
                &options->count);
}

void DeclareClient(terminal::Flags* flags, LoadOptions* options) {
  flags->Duration("timeout", "of each call", &options->timeout);
  flags->Number("calls_waiting_max", 0, kAnyMax, "of each connection, in this process",
                &options->calls_waiting_max);
  flags->Bool("md5_waived", "bodies come and go without md5", &options->md5_waived);
  flags->Number("busy_poll_us", 0, 1'000'000, "looks for input so long before it sleeps",
                &options->busy_poll_us);
  flags->Text("congestion", "NAME", "TCP_CONGESTION, such as cubic or bbr", &options->congestion);
}

absl::Status CheckWorkload(const std::string& workload, const std::vector<std::string>& known) {
  if (std::ranges::find(known, workload) != known.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--workload=", workload, ": this program has ", absl::StrJoin(known, ", ")));
}

}  // namespace

int ReadLoadOptions(int argc, const char* const* argv, const std::vector<std::string>& workloads,
                    LoadOptions* options) {
  terminal::BeginProgram();
  terminal::Flags flags("load [FLAGS]",
                        "Puts load on a server, and prints what was measured as a line of JSON.");
  DeclareMeasurement(&flags, options);
  DeclareLoad(&flags, options);
  DeclareClient(&flags, options);
  absl::Status status = flags.Parse(argc, argv);
  if (status.ok() && !flags.help()) status = CheckWorkload(options->workload, workloads);
  if (!status.ok()) return terminal::Complain("load", status, terminal::kUsageError);
  return flags.help() ? flags.PrintHelp() : -1;
}

}  // namespace bench
