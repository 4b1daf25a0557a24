#include "tests/simulation/datagram_scenario.h"

namespace rpc::simulation {

DatagramScenario::DatagramScenario(Random random) {
  clients = random.Between(1, 5);
  calls = 1 + random.Spread(100);
  span_us = 1 + random.Spread(20 * kSecondUs);
  latency_us_max = random.Spread(100 * kMillisecondUs);
  message_size_max = random.Percent(80) ? 800 : 3'000;
  calm = random.Percent(20);
  RollLimits(random);
  if (!calm) RollDangers(random);
}

void DatagramScenario::RollDangers(Random& random) {
  const uint32_t chance = random.Percent(50) ? 20 : 50;
  for (uint32_t* percent : {&loss_percent, &copies_percent, &late_percent}) {
    if (random.Percent(60)) *percent = random.Below(50);
  }
  for (uint32_t* percent : {&body_flip_percent, &cut_percent}) {
    if (random.Percent(chance)) *percent = random.Below(30);
  }
  if (random.Percent(15)) header_flip_percent = random.Below(20);
  late_us_max = server_limits.keep_us - 1;
  for (bool* danger : {&strangers, &forgers, &restarts, &drains, &kills}) {
    *danger = random.Percent(chance);
  }
  flood = random.Percent(10);
  tight_calls = random.Percent(15);
  if (tight_calls) server_limits.calls_max = 1 + random.Spread(30);
  tight_memory = random.Percent(15);
  if (tight_memory) server_limits.memory_size_max = 1'000 + random.Spread(20'000);
}

void DatagramScenario::RollLimits(Random& random) {
  if (random.Percent(30)) {
    client_limits.datagram_size_max = server_limits.datagram_size_max = 600 + random.Spread(4'000);
  }
  if (random.Percent(10)) server_limits.datagram_size_max = 600 + random.Spread(60'000);
  if (random.Percent(20)) client_limits.call_size_min = 1 + random.Spread(1'000);
  if (random.Percent(20)) server_limits.spoofing_impossible = true;
  if (random.Percent(40)) {
    server_limits.keep_us = 200 * kMillisecondUs + random.Spread(4 * kSecondUs);
  }
}

}  // namespace rpc::simulation
