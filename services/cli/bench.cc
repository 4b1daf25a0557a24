#include "services/cli/bench.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/rpc.h"
#include "services/cli/failure.h"
#include "services/cli/load_text.h"
#include "services/cli/style.h"
#include "services/terminal/screen.h"
#include "services/terminal/signals.h"

namespace cli {
namespace {

// With a rate: enough that calls begin when they are due, unless the server stands still.
constexpr int64_t kConcurrencyOfRate = 100;

constexpr absl::Duration kProgressPeriod = absl::Milliseconds(200);

// Connections and timers are descriptors, of which a shell allows 1,024 by habit.
void AllowManyDescriptors() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

rpc::Task<void> AwaitInterrupt(Load* load) {
  terminal::Signals signals({SIGINT, SIGTERM});
  const absl::StatusOr<int> signal = co_await signals.Next();
  if (signal.ok()) load->Stop();
}

// Until it is cancelled.
rpc::Task<void> ShowProgress(Load* load, LoadReport report) {
  terminal::Screen screen(STDERR_FILENO);
  if (!screen.is_terminal()) {
    (void)co_await rpc::Sleep(absl::InfiniteDuration());
    co_return;
  }
  for (;;) {
    const absl::Status slept = co_await rpc::Sleep(kProgressPeriod);
    if (!slept.ok()) break;
    report.result = &load->result();
    screen.Resize();
    screen.ShowStatus(ProgressText(report));
  }
  screen.ShowStatus("");
}

struct Outcome {
  absl::Status status = absl::OkStatus();  // of the first call, which is not counted
  bool interrupted = false;
};

rpc::Task<Outcome> Measure(Load* load, const LoadReport& report) {
  Outcome outcome;
  outcome.status = co_await load->TryOnce();
  if (!outcome.status.ok()) co_return outcome;
  auto any = co_await rpc::WhenAny(load->Run(), AwaitInterrupt(load), ShowProgress(load, report));
  outcome.interrupted = any.index != 0;
  co_return outcome;
}

}  // namespace

void Bench::Declare(terminal::Flags* flags) {
  flags->Number("connections", 1, 10'000, "over which the calls go in turn", &connections_);
  flags->Number("concurrency", 1, 100'000,
                "calls that are open at once, at most; with --rate 100 unless it is given",
                &concurrency_);
  flags->Duration("duration", "how long calls begin", &duration_);
  flags->Number("count", 0, INT64_MAX, "so many calls, however long they take; 0: by duration",
                &count_);
  flags->Number("rate", 0, 10'000'000,
                "calls that begin each second, whether others have ended or not (open loop); 0: as "
                "fast as it goes (closed loop)",
                &rate_);
  flags->Duration("timeout", "of each call", &timeout_);
  flags->Bool("json", "the figures as JSON, on one line", &json_);
  method_.Declare(flags);
  server_.Declare(flags);
  flags->Arguments(2, terminal::Flags::kAnyNumber);
  flags->Footer(
      "MESSAGE is the request in JSON, {} when there is none; where requests are a stream, each "
      "call sends all the messages that there are. With --rate the latency of a call counts from "
      "when it was due: a server that stands still is seen by all calls that were due meanwhile. "
      "Ctrl-C ends it, and prints what there is.\n"
      "\n"
      "While a server is away, calls begin at longer and longer distances, up to a second. With "
      "--count it gives up when that lasts for 5 seconds.\n"
      "\n"
      "It exits with 0 when all calls were ok, with 1 when some failed, with 130 after Ctrl-C; "
      "when not even the first call succeeds, as call does.\n"
      "\n"
      "Examples:\n"
      "  rpc bench 127.0.0.1:7000 echo.Echo/Say '{\"text\": \"hello\"}'\n"
      "  rpc bench 127.0.0.1:7000 echo.Echo/Say '{}' --connections=4 \\\n"
      "      --concurrency=100\n"
      "  rpc bench 127.0.0.1:7000 echo.Echo/Say '{}' --rate=5000 --duration=30s\n"
      "  rpc bench 127.0.0.1:7000 echo.Echo/Say '{}' --count=100000 --json | \\\n"
      "      jq .latency_us\n");
}

absl::StatusOr<LoadOptions> Bench::OptionsFor(const terminal::Flags& flags,
                                              const MethodTarget& target) const {
  LoadOptions options = {.timeout = timeout_,
                         .concurrency = concurrency_,
                         .duration = duration_,
                         .rate = static_cast<double>(rate_)};
  if (rate_ > 0 && !flags.given("concurrency")) options.concurrency = kConcurrencyOfRate;
  if (count_ > 0) options.count = static_cast<uint64_t>(count_);
  if (count_ > 0 && !flags.given("duration")) options.duration = absl::InfiniteDuration();
  std::vector<std::string> messages(flags.arguments().begin() + 2, flags.arguments().end());
  if (messages.empty() && !target.request_stream()) messages.push_back("{}");
  if (messages.size() > 1 && !target.request_stream()) {
    return absl::InvalidArgumentError(
        absl::StrCat(target.wire_name, " takes one message, not ", messages.size()));
  }
  for (const std::string& message : messages) {
    absl::StatusOr<std::string> bytes =
        target.schema.FromJson(target.method->input_type(), message);
    if (!bytes.ok()) return bytes.status();
    options.requests.push_back(*std::move(bytes));
  }
  return options;
}

int Bench::Run(const terminal::Flags& flags) {
  const std::vector<std::string>& arguments = flags.arguments();
  const absl::StatusOr<std::string> address = AddressFrom(arguments[0]);
  if (!address.ok()) return UsageError(address.status());
  const absl::StatusOr<rpc::Metadata> metadata = method_.metadata();
  if (!metadata.ok()) return UsageError(metadata.status());
  const absl::StatusOr<rpc::Channel> channel =
      server_.Connect(*address, {.connections = static_cast<int>(connections_)});
  if (!channel.ok()) return UsageError(channel.status());
  const absl::StatusOr<MethodTarget> target = method_.Find(*channel, arguments[1]);
  if (!target.ok()) {
    const bool is_ours = method_.has_files() || absl::IsInvalidArgument(target.status());
    return is_ours ? UsageError(target.status()) : Fail(target.status());
  }
  absl::StatusOr<LoadOptions> options = OptionsFor(flags, *target);
  if (!options.ok()) return UsageError(options.status());
  options->metadata = *metadata;

  AllowManyDescriptors();
  Load load(*channel, &*target, *options);
  LoadReport report = {.method = target->wire_name,
                       .address = *address,
                       .connections = connections_,
                       .options = &load.options(),
                       .result = &load.result()};
  const Outcome outcome = rpc::Run([&] { return Measure(&load, report); });
  if (!outcome.status.ok()) return Fail(outcome.status);
  report.interrupted = outcome.interrupted;
  const std::string text =
      json_ ? LoadJson(report)
            : LoadText(report, terminal::ColumnsOf(STDOUT_FILENO), Style(STDOUT_FILENO));
  const int printed = Print(text);
  if (outcome.interrupted) return kInterrupted;
  if (!load.gave_up().ok()) return FailHere(load.gave_up());
  if (printed != 0) return printed;
  return report.result->failed() == 0 ? 0 : kFailed;
}

}  // namespace cli
