#include "tests/bench/bench_service.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/bench/measure/answer.h"
#include "tests/bench/measure/clock.h"
#include "tests/bench/measure/payload.h"

namespace bench {

rpc::Task<> BenchService::Echo(rpc::ServerContext&, const Blob& request, Blob& reply) {
  Answer(request, &reply);
  return absl::OkStatus();
}

rpc::Task<> BenchService::Produce(rpc::ServerContext&, const ProduceRequest& request,
                                  rpc::Writer<Blob>& out) {
  Blob blob;
  blob.set_text(Payload(request.size()));
  for (uint64_t i = 0; i < request.count(); ++i) {
    const bool written = co_await out.Write(blob);
    if (!written) co_return out.status();
  }
  co_return absl::OkStatus();
}

rpc::Task<> BenchService::Sleep(rpc::ServerContext&, const SleepRequest& request, Blob&) {
  const absl::Status slept = co_await rpc::Sleep(absl::Microseconds(request.sleep_us()));
  co_return slept;
}

rpc::Task<> BenchService::Work(rpc::ServerContext&, const WorkRequest& request, Blob& reply) {
  const uint64_t end_ns = NowNs() + uint64_t{1000} * request.work_us();
  while (NowNs() < end_ns) continue;
  Answer(request.blob(), &reply);
  return absl::OkStatus();
}

}  // namespace bench
