#include "services/stats/stats_service.h"

#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/stats/snapshot.h"

namespace stats {
namespace {

constexpr uint32_t kPeriodDefaultMs = 1'000;
constexpr uint32_t kPeriodMinMs = 10;
constexpr uint32_t kPeriodMaxMs = 3'600'000;

}  // namespace

rpc::Task<> StatsService::List(rpc::ServerContext&, const ListRequest&, Snapshot& reply) {
  TakeSnapshot(*server_, &reply);
  return absl::OkStatus();
}

rpc::Task<> StatsService::Watch(rpc::ServerContext& context, const WatchRequest& request,
                                rpc::Writer<Snapshot>& out) {
  const uint32_t period_ms = request.period_ms() == 0 ? kPeriodDefaultMs : request.period_ms();
  if (period_ms < kPeriodMinMs || period_ms > kPeriodMaxMs) {
    co_return absl::InvalidArgumentError(absl::StrCat(
        "a period of ", period_ms, " ms; it may have from ", kPeriodMinMs, " to ", kPeriodMaxMs));
  }
  const std::chrono::milliseconds period(period_ms);
  auto due = std::chrono::steady_clock::now();
  while (!server_->shutting_down()) {
    Snapshot snapshot;
    TakeSnapshot(*server_, &snapshot);
    // The call of a client that does not read is to end by itself when the server shuts down.
    (void)co_await rpc::WhenAny(out.Write(snapshot), context.Shutdown());
    if (context.cancelled()) co_return out.status();
    // By the clock, so that what a snapshot takes does not add up; what was missed is left out.
    const auto now = std::chrono::steady_clock::now();
    due = due + period > now ? due + period : now + period;
    const absl::Duration rest = absl::FromChrono(due - now);
    (void)co_await rpc::WhenAny(rpc::Sleep(rest), context.Shutdown());
    if (context.cancelled()) co_return out.status();
  }
  co_return absl::OkStatus();
}

}  // namespace stats
