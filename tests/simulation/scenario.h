// What a seed decides before anything happens: who takes part, what may go wrong, which limits
// hold.
#pragma once

#include <cstdint>

#include "rpc/session/limits.h"
#include "tests/simulation/random.h"

namespace rpc::simulation {

using session::kSecondUs;
using session::TimeUs;

inline constexpr TimeUs kMillisecondUs = 1'000;

// How the network cuts what it carries.
enum class Chunking : uint8_t { kLarge, kMixed, kTiny };

// What may go wrong in a world; each is rolled for each seed.
struct Dangers {
  bool cuts = false;          // connections reset, or ended, at any byte
  bool half_open = false;     // connections that carry nothing any more and tell nobody
  bool body_flips = false;    // flipped bits in bodies
  bool header_flips = false;  // flipped bits in lengths and headers
  bool stalls = false;        // the network holds everything back for a while
  bool slow_readers = false;  // a process leaves its socket unread for a while
  bool drains = false;        // servers drain, and come back
  bool kills = false;         // servers are killed, and come back
  bool clock_jumps = false;   // the clock of one process jumps forwards
  bool shutdowns = false;     // clients close connections with calls on them
};

struct Scenario {
  explicit Scenario(Random random);

  int clients = 1;
  int servers = 1;
  int connections_per_client = 1;
  int calls = 0;
  TimeUs span_us = 0;  // calls begin, and things go wrong, within it
  Dangers dangers;
  bool calm = true;  // none of them

  session::Limits client_limits;
  session::Limits server_limits;
  bool tight_messages = false;   // some messages are above the limit
  bool tight_calls = false;      // more calls than one connection takes
  bool tight_memory = false;     // the memory of a connection may run out
  bool short_keepalive = false;  // shorter than what calm worlds may take to answer
  uint32_t hello_less_percent = 0;

  uint64_t message_size_max = 0;
  TimeUs latency_us_max = 0;
  TimeUs gap_us_max = 0;  // between two chunks
  Chunking chunking = Chunking::kLarge;
  uint64_t pipe_size_max = 0;  // what a connection holds before its writer has to wait

 private:
  void RollDangers(Random& random);
  void RollLimits(Random& random);
  void RollNetwork(Random& random);
};

}  // namespace rpc::simulation
