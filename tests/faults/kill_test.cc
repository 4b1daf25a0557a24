// A server, or a client, that is killed in the middle of its work, again and again.
#include <signal.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/faults/load.h"
#include "tests/faults/server_process.h"
#include "tests/net/tls_pair.h"
#include "tests/support/child_process.h"
#include "tests/support/eventually.h"

namespace ledger {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kRounds = 2;  // a sanitizer's process takes a second to start
#else
constexpr int kRounds = 6;
#endif

absl::Duration SomeMilliseconds(std::mt19937_64* random, uint64_t max) {
  return absl::Milliseconds((*random)() % (max + 1));
}

TEST(Killed, AServerThatComesBackIsFoundAndEveryCallEndsInTime) {
  std::mt19937_64 random(1);
  ServerProcess server;
  Load load(AddressesOf(server), {.why = {.restarted = true}});
  EXPECT_TRUE(load.Succeeds(5));
  for (int round = 0; round < kRounds; ++round) {
    absl::SleepFor(SomeMilliseconds(&random, 200));
    server.process().Signal(SIGKILL);
    EXPECT_EQ(server.process().Wait(), -SIGKILL);
    absl::SleepFor(SomeMilliseconds(&random, 300));
    server.Restart();
    EXPECT_TRUE(load.Succeeds(5)) << "round " << round;
  }
  load.Stop();
  ExpectAccountedFor(load);
  EXPECT_GT(load.account().calls("tcp", absl::StatusCode::kUnavailable), 0u);
  EXPECT_GT(load.account().calls("unix", absl::StatusCode::kUnavailable), 0u);
}

// A client process that calls over every way.
std::unique_ptr<rpc::ChildProcess> NewClient(const ServerProcess& server) {
  std::vector<std::string> flags = {"--ca=" + rpc::net::TlsTestFiles::Get().Client().ca_file};
  for (const auto& [way, address] : AddressesOf(server)) flags.push_back("--to=" + address);
  auto client = std::make_unique<rpc::ChildProcess>("tests/faults/client", flags);
  EXPECT_EQ(client->ReadLine(), "calling");
  return client;
}

class Watch {
 public:
  explicit Watch(const ServerProcess& server)
      : direct_(QuickChannel(Way::kTcp, server.address(Way::kTcp))) {
    while (Now().connections_open() < kOwnConnections) continue;
  }

  Observed Now() const {
    const absl::StatusOr<Observed> observed = direct_.Observe(ObserveRequest()).Wait();
    EXPECT_TRUE(observed.ok()) << observed.status();
    return observed.value_or(Observed());
  }
  bool SeesWork() const {
    return rpc::Eventually([&] { return Now().calls_open() > 0; }, absl::Seconds(60));
  }
  bool SeesNobodyElse() const {
    return rpc::Eventually(
        [&] {
          const Observed now = Now();
          return now.calls_open() == 0 && now.connections_open() == kOwnConnections;
        },
        absl::Seconds(60));
  }

 private:
  static constexpr uint64_t kOwnConnections = 2;  // of a QuickChannel

  const Ledger::Client direct_;
};

TEST(Killed, AClientLeavesNothingBehindInTheServer) {
  std::mt19937_64 random(2);
  ServerProcess server;
  const Watch watch(server);
  for (int round = 0; round < kRounds; ++round) {
    const std::unique_ptr<rpc::ChildProcess> client = NewClient(server);
    EXPECT_TRUE(watch.SeesWork());
    absl::SleepFor(SomeMilliseconds(&random, 200));
    client->Signal(SIGKILL);
    EXPECT_EQ(client->Wait(), -SIGKILL);
    EXPECT_TRUE(watch.SeesNobodyElse()) << watch.Now().ShortDebugString();
  }
  server.process().Signal(SIGTERM);
  EXPECT_EQ(server.process().Wait(), 0) << "no call had to be cut";
}

}  // namespace
}  // namespace ledger
