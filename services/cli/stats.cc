#include "services/cli/stats.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "rpc/rpc.h"
#include "services/cli/failure.h"
#include "services/cli/figures.h"
#include "services/cli/snapshot_text.h"
#include "services/cli/style.h"
#include "services/stats/histograms.h"
#include "services/stats/stats.rpc.h"
#include "services/terminal/progress_bar.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

using Pairs = std::vector<std::pair<std::string, uint64_t>>;

void AppendCounters(const Style& style, const std::string& title, const Pairs& counters, bool all,
                    std::string* out) {
  std::string line;
  for (const auto& [name, count] : counters) {
    const bool is_first = &name == &counters.front().first;
    if (count == 0 && !all && !is_first) continue;
    absl::StrAppend(&line, line.empty() ? "" : ", ", name, " ", CountText(count));
  }
  absl::StrAppend(out, style.Bold(Left(title, 13)), line, "\n");
}

void AppendProcess(const stats::Process& process, const Style& style, std::string* out) {
  const absl::Duration up = absl::Microseconds(static_cast<int64_t>(process.uptime_us()));
  const absl::Duration cpu = absl::Microseconds(static_cast<int64_t>(process.cpu_us()));
  absl::StrAppend(out, style.Bold(Left("process", 13)), "uvrpc ",
                  terminal::Harmless(process.version()), ", pid ", process.pid(), ", up ",
                  terminal::TimeText(up), ", cpu ", terminal::TimeText(cpu), ", ",
                  process.threads(), process.threads() == 1 ? " thread\n" : " threads\n");
  absl::StrAppend(out, style.Bold(Left("memory", 13)),
                  terminal::SizeText(process.memory_resident_bytes()), ", at most ",
                  terminal::SizeText(process.memory_peak_bytes()), "; descriptors ",
                  process.descriptors_open(), " of ", process.descriptors_max(), "\n");
}

Pairs ConnectionPairs(const stats::Connections& c) {
  return {{"open", c.open()},
          {"accepted", c.accepted()},
          {"refused", c.refused()},
          {"not accepted", c.accept_failures()},
          {"without TLS", c.plain_refused()},
          {"failed handshakes", c.handshakes_failed()},
          {"no frames", c.not_frames()},
          {"bad frames", c.bad_frames()},
          {"broken rules", c.broken_rules()},
          {"silent", c.silent()},
          {"dead", c.dead()},
          {"idle", c.idle()},
          {"aged", c.aged()}};
}

Pairs CallPairs(const stats::Calls& c) {
  return {{"open", c.open()},
          {"begun", c.begun()},
          {"ok", c.ok()},
          {"failed", c.failed()},
          {"cancelled", c.cancelled()},
          {"refused", c.refused()},
          {"bodies corrupted", c.bodies_corrupted()}};
}

void AppendLoops(const stats::Snapshot& snapshot, const Style& style, std::string* out) {
  for (int i = 0; i < snapshot.loops_size(); ++i) {
    const rpc::Histogram lag = stats::ReadHistogram(snapshot.loops(i).lag());
    const auto at = [&lag](double share) {
      return LatencyText(static_cast<double>(lag.Quantile(share)));
    };
    absl::StrAppend(out, style.Bold(Left(absl::StrCat("loop ", i), 13)), "late by p50 ", at(0.5),
                    ", p99 ", at(0.99), ", at most ", at(1), "\n");
  }
}

std::string SnapshotText(const stats::Snapshot& snapshot, bool all, const Style& style) {
  std::string text;
  AppendProcess(snapshot.process(), style, &text);
  AppendCounters(style, "connections", ConnectionPairs(snapshot.connections()), all, &text);
  AppendCounters(style, "calls", CallPairs(snapshot.calls()), all, &text);
  const stats::Datagrams& datagrams = snapshot.datagrams();
  if (all || datagrams.received() > 0) {
    AppendCounters(style, "datagrams",
                   {{"received", datagrams.received()}, {"dropped", datagrams.dropped()}}, all,
                   &text);
  }
  AppendLoops(snapshot, style, &text);
  return absl::StrCat(text, "\n", MethodTable(snapshot, all, style));
}

std::string JsonText(const stats::Snapshot& snapshot) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(snapshot, &json, options);
  return status.ok() ? absl::StrCat(json, "\n") : "";
}

}  // namespace

void StatsCommand::Declare(terminal::Flags* flags) {
  flags->Bool("json", "the whole snapshot as JSON, on one line", &json_);
  flags->Bool("all", "also methods that nobody has called, and counters that are 0", &all_);
  server_.Declare(flags);
  flags->Arguments(1, 1);
  flags->Footer(
      "Examples:\n"
      "  rpc stats 127.0.0.1:7000\n"
      "  rpc stats 127.0.0.1:7000 --json | jq .connections.open\n");
}

int StatsCommand::Run(const terminal::Flags& flags) {
  const absl::StatusOr<rpc::Channel> channel = server_.Connect(flags.arguments()[0]);
  if (!channel.ok()) return UsageError(channel.status());
  const stats::Stats::Client client(*channel);
  const absl::StatusOr<stats::Snapshot> snapshot = client.List(stats::ListRequest()).Wait();
  if (absl::IsUnimplemented(snapshot.status())) {
    return Fail(absl::UnimplementedError("this server has no stats service"));
  }
  if (!snapshot.ok()) return Fail(snapshot.status());
  const std::string text =
      json_ ? JsonText(*snapshot) : SnapshotText(*snapshot, all_, Style(STDOUT_FILENO));
  return Print(text);
}

}  // namespace cli
