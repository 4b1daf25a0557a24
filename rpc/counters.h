// What a server has done since it began: Server::counters().
#pragma once

#include <cstdint>

namespace rpc {

struct ServerCounters {
  uint64_t connections_accepted = 0;
  uint64_t connections_open = 0;
  uint64_t connections_refused = 0;  // beyond connections_max
  uint64_t connections_broken = 0;   // whose peer broke the protocol
  uint64_t accept_failures = 0;      // no descriptors left, for example

  uint64_t calls_begun = 0;
  uint64_t calls_open = 0;       // whose handlers have not ended
  uint64_t calls_ok = 0;         // ended with OK
  uint64_t calls_failed = 0;     // ended with another status by their handlers
  uint64_t calls_cancelled = 0;  // by their client, their deadline or a lost connection
  uint64_t calls_refused = 0;    // by a limit of the server, or by the session: no handler saw them

  uint64_t bodies_corrupted = 0;  // failed their md5
};

}  // namespace rpc
