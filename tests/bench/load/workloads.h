// The workloads of the load generator. Each runs until the measurement is over, or, with a count,
// until so many calls have ended, and gives the first error that is no refusal.
#pragma once

#include "absl/status/status.h"
#include "tests/bench/load/clients.h"
#include "tests/bench/measure/meter.h"

namespace bench {

// Each connection has so many calls in flight: each in a coroutine of its own, which makes the next
// when it has its reply. With `mix` some calls are slow ones; the latencies are those of the rest.
absl::Status RunEcho(Clients* clients, Meter* meter, bool mix);

// As RunEcho, each call in a thread that waits for it.
absl::Status RunWait(Clients* clients, Meter* meter);

// One call on each connection, with a stream of messages from the server.
absl::Status RunStream(Clients* clients, Meter* meter);

// Calls begin at a rate, whatever became of those before; latencies count from the time that a call
// was to begin at. Errors are counted, and none is given.
absl::Status RunRate(Clients* clients, Meter* meter);

}  // namespace bench
