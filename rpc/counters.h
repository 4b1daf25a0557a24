// What a server has done since it began: Server::counters().
#pragma once

#include <cstdint>

namespace rpc {

struct ServerCounters {
  uint64_t connections_accepted = 0;
  uint64_t connections_open = 0;
  uint64_t connections_refused = 0;  // beyond connections_max
  uint64_t accept_failures = 0;      // no descriptors left, for example

  // Connections that did not get in, or were ended, and why.
  uint64_t plain_refused = 0;      // no TLS, where there has to be
  uint64_t handshakes_failed = 0;  // TLS handshakes that failed, or took too long
  uint64_t not_frames = 0;         // spoke something else: HTTP, TLS on a plain address, garbage
  uint64_t bad_frames = 0;         // sent frames that cannot be read
  uint64_t broken_rules = 0;       // sent frames that may not come like this
  uint64_t silent = 0;             // said nothing, or too little, for too long
  uint64_t dead = 0;               // no answer to PINGs, silent within a frame, or took no bytes
  uint64_t idle = 0;               // had no call for idle_timeout
  uint64_t aged = 0;               // had been there for connection_age_max

  uint64_t calls_begun = 0;
  uint64_t calls_open = 0;       // whose handlers have not ended
  uint64_t calls_ok = 0;         // ended with OK
  uint64_t calls_failed = 0;     // ended with another status, or for what they sent or were sent
  uint64_t calls_cancelled = 0;  // by their client, their deadline or a lost connection
  uint64_t calls_refused = 0;    // by a limit of the server, or by the session: no handler saw them

  uint64_t bodies_corrupted = 0;  // failed their md5

  uint64_t datagrams_received = 0;
  uint64_t datagrams_dropped = 0;  // that were no call, or failed their md5
};

}  // namespace rpc
