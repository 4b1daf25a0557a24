// Signals in quick succession to a server that works.
#include <signal.h>

#include <optional>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/faults/ledger.rpc.h"
#include "tests/faults/load.h"
#include "tests/faults/server_process.h"
#include "tests/support/eventually.h"

namespace ledger {
namespace {

// Within which a server that was told twice to end is gone, on a machine that is busy.
constexpr absl::Duration kBound = absl::Seconds(20);

// A storm may end a server that does not care for signals as well: this one does.
TEST(Storm, OneTerminateLetsACallFinish) {
  ServerProcess server;
  const Ledger::Client client(QuickChannel(Way::kTcp, server.address(Way::kTcp)));
  Item item;
  item.set_id(1);
  item.set_pause_ms(1'000);
  auto call = client.Once(item, {.timeout = kBound});
  ASSERT_TRUE(rpc::Eventually([&] {
    const auto observed = client.Observe({}).Wait();
    return observed.ok() && observed->calls_open() > 0;
  }));
  server.process().Signal(SIGTERM);
  const auto receipt = std::move(call).Wait();
  EXPECT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(server.process().Wait(kBound), 0);
}

TEST(Storm, ManyTerminatesEndAServerAtOnceAndEveryCallInTime) {
  for (const int signal : {SIGTERM, SIGINT}) {
    ServerProcess server;
    Load load(AddressesOf(server), {.why = {.restarted = true}});
    EXPECT_TRUE(load.Succeeds(5));
    for (int i = 0; i < 100; ++i) {
      server.process().Signal(i % 2 == 0 ? signal : SIGTERM);
      absl::SleepFor(absl::Microseconds(200));
    }
    const std::optional<int> exit = server.process().Wait(kBound);
    ASSERT_TRUE(exit.has_value()) << "it still runs";
    // Once the server has ended, a signal does to the rest of the program what it does to any.
    EXPECT_TRUE(*exit == 0 || *exit == 1 || *exit == -SIGTERM || *exit == -SIGINT) << *exit;
    server.Restart();
    EXPECT_TRUE(load.Succeeds(5));
    load.Stop();
    ExpectAccountedFor(load);
  }
}

// Both new and old connections go on: no call may fail.
TEST(Storm, ManyHangupsReadTheCertificatesAndHarmNoCall) {
  ServerProcess server;
  Load load(AddressesOf(server),
            {.timeout = absl::Seconds(20), .new_channel = PatientChannel, .calls_per_channel = 5});
  EXPECT_TRUE(load.Succeeds(5));
  for (int i = 0; i < 100; ++i) {
    server.process().Signal(SIGHUP);
    absl::SleepFor(absl::Milliseconds(2));
  }
  EXPECT_TRUE(load.Succeeds(50));
  load.Stop();
  ExpectAccountedFor(load);
  server.process().Signal(SIGTERM);
  EXPECT_EQ(server.process().Wait(kBound), 0);
}

}  // namespace
}  // namespace ledger
