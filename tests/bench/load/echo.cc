#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "tests/bench/load/workloads.h"

namespace bench {
namespace {

absl::Status Check(const Clients& clients, const absl::StatusOr<Blob>& reply) {
  if (!reply.ok()) return reply.status();
  if (!clients.IsAnswer(*reply)) return absl::DataLossError("an echo is not what was sent");
  return absl::OkStatus();
}

// One call after the other.
rpc::Task<> EchoOn(Clients* clients, Meter* meter, size_t place) {
  uint64_t begin_ns = NowNs();
  while (meter->MayBegin()) {
    const absl::StatusOr<Blob> reply = co_await clients->Echo(place);
    const absl::Status status = Check(*clients, reply);
    const Outcome outcome = OutcomeOf(status);
    if (outcome == Outcome::kFailed) co_return status;
    begin_ns = meter->Ended(begin_ns, outcome);
  }
  co_return absl::OkStatus();
}

// Which calls are slow is the same in every run.
class Lottery {
 public:
  explicit Lottery(int64_t percent) : percent_(percent) {}

  bool IsSlow() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return static_cast<int64_t>((state_ >> 33) % 100) < percent_;
  }

 private:
  const int64_t percent_;
  uint64_t state_ = 1;
};

rpc::Task<> MixOn(Clients* clients, Meter* meter, Lottery* lottery, size_t place) {
  SleepRequest sleep;
  sleep.set_sleep_us(static_cast<uint32_t>(clients->options().slow_us));
  uint64_t begin_ns = NowNs();
  while (meter->MayBegin()) {
    const bool slow = lottery->IsSlow();
    rpc::Call<Blob> call = slow ? clients->stub(place).Sleep(sleep) : clients->Echo(place);
    const absl::StatusOr<Blob> reply = co_await std::move(call);
    if (!reply.ok()) co_return reply.status();
    begin_ns = meter->Ended(begin_ns, slow ? Outcome::kAside : Outcome::kOk);
  }
  co_return absl::OkStatus();
}

absl::Status FirstError(const std::vector<absl::Status>& ends) {
  for (const absl::Status& status : ends) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunEcho(Clients* clients, Meter* meter, bool mix) {
  const size_t places = clients->size() * static_cast<size_t>(clients->options().in_flight);
  Lottery lottery(clients->options().slow_percent);
  return FirstError(rpc::Run([&] {
    std::vector<rpc::Task<>> loads;
    for (size_t i = 0; i < places; ++i) {
      loads.push_back(mix ? MixOn(clients, meter, &lottery, i) : EchoOn(clients, meter, i));
    }
    return rpc::WhenAll(std::move(loads));
  }));
}

}  // namespace bench
