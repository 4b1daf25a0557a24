// Calls of every kind that go on over several ways until they are told to stop, each looked at.
//
//     Load load({{Way::kTcp, server.address(Way::kTcp)}}, {.why = {.restarted = true}});
//     server.process().Signal(SIGKILL);
//     server.Restart();
//     EXPECT_TRUE(load.Succeeds(20));
//     load.Stop();
//     ExpectAccountedFor(load);
//
// Threads: one at a time; the calls are made on the background's loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/faults/account.h"
#include "tests/faults/server_process.h"

namespace ledger {

struct LoadOptions {
  uint64_t seed = 1;
  int callers = 8;  // calls at once, for each way
  absl::Duration timeout = absl::Seconds(2);
  // Beyond its deadline, on a machine that has other things to do.
  absl::Duration slack = absl::Seconds(8);
  // For what calls may fail besides.
  Circumstances why = {};
  // Asked before each judgement instead of `why`, where that changes.
  std::function<Circumstances(Way)> reasons = {};
  // Each caller has a channel of its own, and another after so many calls. 0: always the same.
  std::function<rpc::Channel(Way, const std::string&)> new_channel = QuickChannel;
  uint32_t calls_per_channel = 0;
  // Ids begin anew after so many: the server remembers them all.
  uint64_t ids = 100'000;
};

class Load {
 public:
  Load(std::vector<std::pair<Way, std::string>> addresses, const LoadOptions& options);
  ~Load() { Stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Whether so many calls of each way succeed from now on, before `timeout` is over.
  bool Succeeds(uint64_t calls, absl::Duration timeout = absl::Seconds(60)) const;
  // Of each way, in the order of the addresses.
  std::vector<uint64_t> succeeded() const;

  // Returns when the calls that are under way have ended.
  void Stop();

  // After Stop.
  const Account& account() const { return account_; }

 private:
  struct Lane {
    Way way;
    std::string name;
    std::string address;
    std::atomic<uint64_t> succeeded = 0;
  };

  void MakeAllCalls();
  rpc::Task<void> MakeCalls(Lane* lane, uint64_t seed);
  void Enter(Lane* lane, const CallPlan& plan, const CallResult& result);

  const LoadOptions options_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Account account_;
  uint64_t next_id_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// After Stop: tells the figures, and fails the test for every complaint.
void ExpectAccountedFor(const Load& load);

// Every way to this server.
std::vector<std::pair<Way, std::string>> AddressesOf(const ServerProcess& server);

}  // namespace ledger
