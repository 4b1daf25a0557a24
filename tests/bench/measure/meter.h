// Measures a load: how many calls end, how long each took, and what CPU time both sides used.
//
//     Meter meter(options);                        // when everything is connected
//     uint64_t begin_ns = NowNs();
//     while (meter.MayBegin()) {
//       ...                                        // a call
//       begin_ns = meter.Ended(begin_ns, Outcome::kOk);
//     }
//     std::puts(meter.Result("uvrpc").c_str());
//
// What ends while it warms up is not counted, nor what ends after the duration; with a count
// everything is.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/measure/clock.h"
#include "tests/bench/measure/histogram.h"
#include "tests/bench/measure/load_options.h"

namespace bench {

enum class Outcome : uint8_t {
  kOk,
  kAside,  // well, but its latency is not to count
  kRefused,
  kFailed,
};

class Meter {
 public:
  explicit Meter(const LoadOptions& options);

  // Whether one more call is wanted. With a count, it then has to be made.
  bool MayBegin() {
    if (options_.count == 0) return phase_ != Phase::kOver;
    return begun_++ < options_.count;
  }

  // A call that began then has ended. Returns the time, which is when the next one begins.
  uint64_t Ended(uint64_t begin_ns, Outcome outcome) {
    const uint64_t now_ns = NowNs();
    if (now_ns >= phase_end_ns_) EndPhase(now_ns);
    if (phase_ == Phase::kMeasuring) Count(now_ns - begin_ns, outcome);
    return now_ns;
  }

  // So many messages have come, without a latency. With a count, the caller counts.
  void Passed(uint64_t count) {
    const uint64_t now_ns = NowNs();
    if (now_ns >= phase_end_ns_) EndPhase(now_ns);
    if (phase_ == Phase::kMeasuring) calls_ += count;
  }

  bool over() const { return phase_ == Phase::kOver; }

  // A line of JSON. Ends the measurement if it still goes on.
  std::string Result(const std::string& peer);

 private:
  enum class Phase : uint8_t { kWarmUp, kMeasuring, kOver };

  struct Times {
    uint64_t wall_ns = 0;
    uint64_t server_cpu_ns = 0;
    uint64_t client_cpu_ns = 0;
  };

  void Count(uint64_t latency_ns, Outcome outcome);
  void EndPhase(uint64_t now_ns);
  Times ReadTimes() const;

  const LoadOptions options_;
  Phase phase_ = Phase::kWarmUp;
  uint64_t phase_end_ns_ = 0;
  int64_t begun_ = 0;
  uint64_t calls_ = 0;
  uint64_t refused_ = 0;
  uint64_t failed_ = 0;
  Histogram latencies_ns_;
  Times begin_;
  Times end_;
};

}  // namespace bench
