// What a seed decides of a world of datagrams before anything happens.
#pragma once

#include <cstdint>

#include "rpc/session/datagram.h"
#include "tests/simulation/random.h"
#include "tests/simulation/scenario.h"

namespace rpc::simulation {

struct DatagramScenario {
  explicit DatagramScenario(Random random);

  int clients = 1;
  int calls = 0;
  TimeUs span_us = 0;  // calls begin, and things go wrong, within it
  bool calm = true;    // nothing goes wrong

  // The network, of each datagram.
  uint32_t loss_percent = 0;
  uint32_t copies_percent = 0;
  uint32_t body_flip_percent = 0;
  uint32_t header_flip_percent = 0;
  uint32_t cut_percent = 0;  // cut off, or with more behind it
  uint32_t late_percent = 0;
  TimeUs latency_us_max = 0;
  TimeUs late_us_max = 0;  // always less than the server remembers

  // Others on it.
  bool strangers = false;  // send garbage, and whole frames of all kinds, to both sides
  bool forgers = false;    // send what they overheard from another address
  bool flood = false;      // of calls that nobody waits for
  bool restarts = false;   // clients begin anew, with another session, at the same address
  bool drains = false;     // the server drains, and comes back
  bool kills = false;      // the server is killed, and comes back

  session::DatagramLimits client_limits;
  session::DatagramLimits server_limits;
  bool tight_calls = false;
  bool tight_memory = false;
  uint64_t message_size_max = 0;

  // That no call is refused for want of room.
  bool roomy() const { return !tight_calls && !tight_memory && !flood; }

 private:
  void RollDangers(Random& random);
  void RollLimits(Random& random);
};

}  // namespace rpc::simulation
