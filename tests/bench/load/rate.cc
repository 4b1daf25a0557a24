#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "tests/bench/load/workloads.h"

namespace bench {
namespace {

class Rate {
 public:
  Rate(Clients* clients, Meter* meter)
      : clients_(clients),
        meter_(meter),
        interval_ns_(1e9 / static_cast<double>(clients->options().rate)),
        count_(static_cast<size_t>(clients->options().count)) {}

  rpc::Task<> Run() {
    const uint64_t start_ns = NowNs();
    while (!meter_->over()) {
      const uint64_t now_ns = NowNs();
      while (DueNs(start_ns) <= now_ns && meter_->MayBegin()) Begin(DueNs(start_ns));
      if (count_ > 0 && begun_ >= count_) break;
      const absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(1));
      if (!slept.ok()) co_return slept;
      meter_->Passed(0);
    }
    while (open_ > 0) (void)co_await rpc::Sleep(absl::Milliseconds(1));
    co_return absl::OkStatus();
  }

 private:
  uint64_t DueNs(uint64_t start_ns) const {
    return start_ns + static_cast<uint64_t>(static_cast<double>(begun_) * interval_ns_);
  }

  void Begin(uint64_t due_ns) {
    ++open_;
    clients_->Echo(begun_++).Then([this, due_ns](const absl::StatusOr<Blob>& reply) {
      --open_;
      meter_->Ended(due_ns, OutcomeOf(reply.status()));
    });
  }

  Clients* const clients_;
  Meter* const meter_;
  const double interval_ns_;
  const size_t count_;  // 0: until the measurement is over
  size_t begun_ = 0;
  size_t open_ = 0;
};

}  // namespace

absl::Status RunRate(Clients* clients, Meter* meter) {
  if (clients->options().rate == 0) {
    return absl::InvalidArgumentError("--workload=rate needs --rate=CALLS, of a second");
  }
  Rate rate(clients, meter);
  return rpc::Run([&rate] { return rate.Run(); });
}

}  // namespace bench
