#include "tests/simulation/scenario.h"

#include <algorithm>

#include "tests/simulation/payload.h"

namespace rpc::simulation {

Scenario::Scenario(Random random) {
  clients = random.Between(1, 3);
  servers = random.Between(1, 2);
  connections_per_client = random.Between(1, 2);
  calls = 1 + random.Spread(60);
  span_us = 1 + random.Spread(20 * kSecondUs);
  const uint64_t sizes = random.Below(100);
  message_size_max = sizes < 65   ? 2'000
                     : sizes < 92 ? 100'000
                     : sizes < 99 ? 800'000
                                  : kMessageSizeMax;
  if (random.Percent(25)) hello_less_percent = random.Percent(30) ? 100 : 25;
  calm = random.Percent(25);
  if (!calm) RollDangers(random);
  RollLimits(random);
  RollNetwork(random);
}

void Scenario::RollDangers(Random& random) {
  const uint32_t chance = random.Percent(50) ? 15 : 40;
  bool* all[] = {&dangers.cuts,         &dangers.half_open, &dangers.body_flips,
                 &dangers.header_flips, &dangers.stalls,    &dangers.slow_readers,
                 &dangers.drains,       &dangers.kills,     &dangers.clock_jumps,
                 &dangers.shutdowns};
  for (bool* danger : all) *danger = random.Percent(chance);
  short_keepalive = random.Percent(20);
}

void Scenario::RollLimits(Random& random) {
  for (session::Limits* limits : {&client_limits, &server_limits}) {
    const bool flips = dangers.body_flips || dangers.header_flips;
    limits->md5_waived = !flips && random.Percent(15);
    if (random.Percent(40)) limits->call_window = session::kCallWindowMin + random.Spread(65'536);
    if (random.Percent(30)) limits->call_window_max = limits->call_window + random.Spread(1 << 20);
    if (random.Percent(30)) limits->frame_body_size_max = 65'536 + random.Spread(1 << 20);
    if (random.Percent(30)) limits->output_size_max = 1 + random.Spread(65'536);
    if (random.Percent(20)) limits->pong_interval_us = random.Spread(kSecondUs);
    // Shorter than a round trip: then calls are on their way when the drain's second GOAWAY is.
    if (random.Percent(60)) limits->drain_round_us = 1 + random.Spread(200 * kMillisecondUs);
    if (short_keepalive) {
      limits->keepalive_idle_us = 10 * kMillisecondUs + random.Spread(5 * kSecondUs);
      limits->keepalive_timeout_us = 10 * kMillisecondUs + random.Spread(5 * kSecondUs);
      limits->ping_interval_us = 1 * kMillisecondUs + random.Spread(kSecondUs);
    }
  }
  if (random.Percent(15)) {
    tight_messages = true;
    for (session::Limits* limits : {&client_limits, &server_limits}) {
      if (random.Percent(70)) limits->message_size_max = random.Spread(message_size_max);
    }
  }
  if (random.Percent(20)) {
    tight_calls = true;
    server_limits.calls_max = 1 + random.Spread(8);
  }
  if (random.Percent(20)) {
    tight_memory = true;
    for (session::Limits* limits : {&client_limits, &server_limits}) {
      if (random.Percent(70)) limits->memory_size_max = 4'096 + random.Spread(1 << 20);
    }
  }
}

void Scenario::RollNetwork(Random& random) {
  latency_us_max = random.Spread(200 * kMillisecondUs);
  gap_us_max = random.Spread(kMillisecondUs);
  chunking = static_cast<Chunking>(random.Below(3));
  if (message_size_max > 2'000 && chunking == Chunking::kTiny) chunking = Chunking::kMixed;
  if (message_size_max > 100'000) {
    chunking = Chunking::kLarge;
    gap_us_max = 0;
  }
  // Whatever the latency, a calm connection carries every call well before anyone gives it up.
  if (message_size_max > 2'000) latency_us_max = std::min(latency_us_max, 20 * kMillisecondUs);
  const bool fast = latency_us_max <= kMillisecondUs;
  const uint64_t size_min = message_size_max > 100'000 ? 65'536
                            : message_size_max > 2'000 ? 16'384
                            : fast                     ? 64
                                                       : 8'192;
  pipe_size_max = size_min + random.Spread(1 << 20);
}

}  // namespace rpc::simulation
