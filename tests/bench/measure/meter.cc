#include "tests/bench/measure/meter.h"

#include "tests/bench/measure/json_object.h"

namespace bench {

Meter::Meter(const LoadOptions& options) : options_(options) {
  if (options.count > 0) {
    phase_ = Phase::kMeasuring;
    phase_end_ns_ = UINT64_MAX;
    begin_ = ReadTimes();
  } else {
    phase_end_ns_ = NowNs() + static_cast<uint64_t>(absl::ToInt64Nanoseconds(options.warm_up));
  }
}

void Meter::Count(uint64_t latency_ns, Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      latencies_ns_.Add(latency_ns);
      [[fallthrough]];
    case Outcome::kAside:
      ++calls_;
      return;
    case Outcome::kRefused:
      ++refused_;
      return;
    case Outcome::kFailed:
      ++failed_;
      return;
  }
}

void Meter::EndPhase(uint64_t now_ns) {
  if (phase_ == Phase::kWarmUp) {
    phase_ = Phase::kMeasuring;
    begin_ = ReadTimes();
    phase_end_ns_ = now_ns + static_cast<uint64_t>(absl::ToInt64Nanoseconds(options_.duration));
  } else {
    phase_ = Phase::kOver;
    end_ = ReadTimes();
    phase_end_ns_ = UINT64_MAX;
  }
}

Meter::Times Meter::ReadTimes() const {
  return {NowNs(), CpuTimeNs(static_cast<pid_t>(options_.server_pid)), OwnCpuTimeNs()};
}

std::string Meter::Result(const std::string& peer) {
  if (phase_ == Phase::kMeasuring) EndPhase(NowNs());
  const auto calls = static_cast<double>(calls_);
  const double seconds = static_cast<double>(end_.wall_ns - begin_.wall_ns) / 1e9;
  const double server_s = static_cast<double>(end_.server_cpu_ns - begin_.server_cpu_ns) / 1e9;
  const double client_s = static_cast<double>(end_.client_cpu_ns - begin_.client_cpu_ns) / 1e9;
  const auto latency_us = [this](double part) { return latencies_ns_.Quantile(part) / 1e3; };
  JsonObject result;
  result.Add("peer", peer)
      .Add("workload", options_.workload)
      .Add("connections", static_cast<double>(options_.connections))
      .Add("in_flight", static_cast<double>(options_.in_flight))
      .Add("size", static_cast<double>(options_.size))
      .Add("seconds", seconds)
      .Add("calls", calls)
      .Add("refused", static_cast<double>(refused_))
      .Add("failed", static_cast<double>(failed_))
      .Add("calls_per_s", calls / seconds)
      .Add("mb_per_s", calls * static_cast<double>(options_.size) / seconds / 1e6)
      .Add("p50_us", latency_us(0.5))
      .Add("p90_us", latency_us(0.9))
      .Add("p99_us", latency_us(0.99))
      .Add("p99_9_us", latency_us(0.999))
      .Add("max_us", static_cast<double>(latencies_ns_.max()) / 1e3)
      .Add("server_cpu_us", server_s / calls * 1e6)
      .Add("client_cpu_us", client_s / calls * 1e6)
      .Add("server_busy", server_s / seconds)
      .Add("client_busy", client_s / seconds);
  return result.text();
}

}  // namespace bench
