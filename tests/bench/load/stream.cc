#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "tests/bench/load/workloads.h"

namespace bench {
namespace {

// The clock is read once for so many messages.
constexpr uint64_t kStep = 64;

constexpr uint64_t kEndless = uint64_t{1} << 60;

rpc::Task<> ReadOn(Clients* clients, Meter* meter, size_t place) {
  const LoadOptions& options = clients->options();
  ProduceRequest request;
  request.set_count(options.count > 0 ? static_cast<uint64_t>(options.count) : kEndless);
  request.set_size(static_cast<uint32_t>(options.size));
  rpc::ReadCall<Blob> call = clients->stub(place).Produce(request);
  uint64_t untold = 0;
  while (const Blob* blob = co_await call.Read()) {
    if (blob->text().size() != request.size()) co_return absl::DataLossError("a wrong message");
    if (++untold < kStep) continue;
    meter->Passed(std::exchange(untold, 0));
    if (meter->over()) co_return absl::OkStatus();  // the call is dropped, and so cancelled
  }
  meter->Passed(untold);
  co_return call.status();
}

}  // namespace

absl::Status RunStream(Clients* clients, Meter* meter) {
  absl::Status error;
  const std::vector<absl::Status> ends = rpc::Run([&] {
    std::vector<rpc::Task<>> loads;
    for (size_t i = 0; i < clients->size(); ++i) loads.push_back(ReadOn(clients, meter, i));
    return rpc::WhenAll(std::move(loads));
  });
  for (const absl::Status& status : ends) error.Update(status);
  return error;
}

}  // namespace bench
