#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/load/workloads.h"

namespace bench {
namespace {

// What the threads share.
class Waiters {
 public:
  Waiters(Clients* clients, Meter* meter) : clients_(clients), meter_(meter) {}

  void Run(size_t place) {
    uint64_t begin_ns = NowNs();
    while (MayBegin()) {
      const absl::StatusOr<Blob> reply = clients_->Echo(place).Wait();
      begin_ns = Ended(begin_ns, reply.status());
    }
  }

  absl::Status error() const { return error_; }

 private:
  bool MayBegin() {
    std::lock_guard lock(mutex_);
    return error_.ok() && meter_->MayBegin();
  }

  uint64_t Ended(uint64_t begin_ns, const absl::Status& status) {
    std::lock_guard lock(mutex_);
    const Outcome outcome = OutcomeOf(status);
    if (outcome == Outcome::kFailed) error_.Update(status);
    return meter_->Ended(begin_ns, outcome);
  }

  Clients* const clients_;
  std::mutex mutex_;
  Meter* const meter_;  // guarded by the mutex, as what follows
  absl::Status error_;
};

}  // namespace

absl::Status RunWait(Clients* clients, Meter* meter) {
  const size_t places = clients->size() * static_cast<size_t>(clients->options().in_flight);
  Waiters waiters(clients, meter);
  std::vector<std::thread> threads;
  for (size_t i = 1; i < places; ++i) threads.emplace_back([&, i] { waiters.Run(i); });
  waiters.Run(0);
  for (std::thread& thread : threads) thread.join();
  return waiters.error();
}

}  // namespace bench
