#include "services/stats/snapshot.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/stats/histograms.h"
#include "services/stats/process.h"

namespace stats {
namespace {

void Write(const rpc::ServerCounters& from, Connections* to) {
  to->set_open(from.connections_open);
  to->set_accepted(from.connections_accepted);
  to->set_refused(from.connections_refused);
  to->set_accept_failures(from.accept_failures);
  to->set_plain_refused(from.plain_refused);
  to->set_handshakes_failed(from.handshakes_failed);
  to->set_not_frames(from.not_frames);
  to->set_bad_frames(from.bad_frames);
  to->set_broken_rules(from.broken_rules);
  to->set_silent(from.silent);
  to->set_dead(from.dead);
  to->set_idle(from.idle);
  to->set_aged(from.aged);
}

void Write(const rpc::ServerCounters& from, Calls* to) {
  to->set_open(from.calls_open);
  to->set_begun(from.calls_begun);
  to->set_ok(from.calls_ok);
  to->set_failed(from.calls_failed);
  to->set_cancelled(from.calls_cancelled);
  to->set_refused(from.calls_refused);
  to->set_bodies_corrupted(from.bodies_corrupted);
}

void Write(const rpc::MethodStatistics& from, Method* to) {
  to->set_name(from.name);
  to->set_open(from.open);
  to->set_begun(from.begun);
  to->set_ok(from.ok);
  for (size_t code = 1; code < from.failed.size(); ++code) {
    if (from.failed[code] == 0) continue;
    Failures* const failures = to->add_failed();
    failures->set_code(static_cast<uint32_t>(code));
    failures->set_count(from.failed[code]);
  }
  to->set_cancelled(from.cancelled);
  to->set_expired(from.expired);
  to->set_refused(from.refused);
  to->set_bytes_received(from.bytes_received);
  to->set_bytes_sent(from.bytes_sent);
  WriteHistogram(from.latency, to->mutable_latency());
}

}  // namespace

void TakeSnapshot(const rpc::Server& server, Snapshot* snapshot) {
  rpc::ServerStatistics statistics = server.statistics();
  const rpc::ServerCounters counters = server.counters();
  snapshot->set_time_unix_us(absl::ToUnixMicros(absl::Now()));
  Process* const process = snapshot->mutable_process();
  DescribeProcess(process);
  process->set_version(std::string(rpc::kVersion));
  process->set_start_unix_us(absl::ToUnixMicros(statistics.started));
  process->set_uptime_us(static_cast<uint64_t>(absl::ToInt64Microseconds(statistics.uptime)));
  Write(counters, snapshot->mutable_connections());
  Write(counters, snapshot->mutable_calls());
  snapshot->mutable_datagrams()->set_received(counters.datagrams_received);
  snapshot->mutable_datagrams()->set_dropped(counters.datagrams_dropped);
  for (const rpc::LoopStatistics& loop : statistics.loops) {
    WriteHistogram(loop.lag, snapshot->add_loops()->mutable_lag());
  }
  std::ranges::sort(statistics.methods, {}, &rpc::MethodStatistics::name);
  for (const rpc::MethodStatistics& method : statistics.methods) {
    Write(method, snapshot->add_methods());
  }
}

}  // namespace stats
