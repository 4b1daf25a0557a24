#include "tests/faults/load.h"

#include <cstdio>
#include <optional>
#include <random>
#include <utility>

#include "gtest/gtest.h"
#include "tests/support/eventually.h"

namespace ledger {
namespace {

constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(5);

}  // namespace

Load::Load(std::vector<std::pair<Way, std::string>> addresses, const LoadOptions& options)
    : options_(options), account_(options.slack) {
  for (auto& [way, address] : addresses) {
    lanes_.push_back(std::make_unique<Lane>());
    lanes_.back()->way = way;
    lanes_.back()->name = ShortName(way);
    lanes_.back()->address = std::move(address);
  }
  thread_ = std::thread([this] { MakeAllCalls(); });
}

void Load::MakeAllCalls() {
  rpc::Run([this]() -> rpc::Task<void> {
    std::mt19937_64 random(options_.seed);
    std::vector<rpc::Task<void>> tasks;
    for (const auto& lane : lanes_) {
      for (int i = 0; i < options_.callers; ++i) tasks.push_back(MakeCalls(lane.get(), random()));
    }
    co_await rpc::WhenAll(std::move(tasks));
  });
}

rpc::Task<void> Load::MakeCalls(Lane* lane, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::optional<Ledger::Client> client;
  for (uint32_t made = 0; !stopping_; ++made) {
    const bool anew = options_.calls_per_channel > 0 && made % options_.calls_per_channel == 0;
    if (anew || made == 0) client.emplace(options_.new_channel(lane->way, lane->address));
    const CallPlan plan =
        DrawPlan(next_id_++ % options_.ids, &random,
                 {.streams = lane->way != Way::kUdp, .timeout = options_.timeout});
    int ends = 0;
    const std::function<void()> on_end = [&ends] { ++ends; };
    const CallResult result = co_await MakeCall(*client, plan, on_end);
    Enter(lane, plan, result);
    if (ends != 1) account_.Complain("a call did not end once");
    if (!result.status.ok() && !result.cancelled_by_us) {
      (void)co_await rpc::Sleep(kPauseAfterFailure);
    }
  }
}

void Load::Enter(Lane* lane, const CallPlan& plan, const CallResult& result) {
  account_.Enter(lane->name, plan, result,
                 options_.reasons ? options_.reasons(lane->way) : options_.why);
  if (result.status.ok()) ++lane->succeeded;
}

std::vector<uint64_t> Load::succeeded() const {
  std::vector<uint64_t> counts;
  for (const auto& lane : lanes_) counts.push_back(lane->succeeded);
  return counts;
}

bool Load::Succeeds(uint64_t calls, absl::Duration timeout) const {
  const std::vector<uint64_t> before = succeeded();
  return rpc::Eventually(
      [&] {
        const std::vector<uint64_t> now = succeeded();
        for (size_t i = 0; i < now.size(); ++i) {
          if (now[i] < before[i] + calls) return false;
        }
        return true;
      },
      timeout);
}

void Load::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void ExpectAccountedFor(const Load& load) {
  const std::string table = load.account().Table();
  std::fputs(table.c_str(), stdout);
  EXPECT_EQ(load.account().complaints(), 0u) << table;
}

std::vector<std::pair<Way, std::string>> AddressesOf(const ServerProcess& server) {
  std::vector<std::pair<Way, std::string>> addresses;
  for (const Way way : kWays) addresses.emplace_back(way, server.address(way));
  return addresses;
}

}  // namespace ledger
