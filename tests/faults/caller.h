// Makes one call of a ledger, of any kind, and looks at all that comes back.
//
//     const CallPlan plan = DrawPlan(id, &random, {.streams = true});
//     const CallResult result = co_await MakeCall(client, plan, [&] { ++ends; });
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "tests/faults/ledger.rpc.h"

namespace ledger {

enum class CallKind : uint8_t { kSmall, kLarge, kProduce, kCollect, kConverse };

std::string_view NameOf(CallKind kind);

struct CallPlan {
  uint64_t id = 0;
  CallKind kind = CallKind::kSmall;
  absl::Duration timeout = absl::Seconds(5);
  uint32_t size = 0;        // of each payload of ours, or of each that is asked for
  uint32_t reply_size = 0;  // of what is answered
  uint32_t items = 1;
  uint32_t pause_ms = 0;
  // A call with one request: given up after so long. A stream: after so many items.
  absl::Duration cancel_after = absl::InfiniteDuration();
  uint32_t cancel_after_items = UINT32_MAX;
  bool uses_then = false;  // the result is told to a function
};

struct PlanLimits {
  bool streams = true;  // and what does not fit into a datagram
  // Of timeouts, but for those that are short on purpose.
  absl::Duration timeout = absl::Seconds(5);
};

// Bytes of payload each way, when the call succeeds.
struct Volume {
  uint64_t to_server = 0;
  uint64_t to_client = 0;
};

Volume VolumeOf(const CallPlan& plan);

CallPlan DrawPlan(uint64_t id, std::mt19937_64* random, const PlanLimits& limits);

struct CallResult {
  absl::Status status = {};
  bool right = true;  // everything that came was what had to come, and with OK all of it
  bool cancelled_by_us = false;
  absl::Duration took = absl::ZeroDuration();
};

// `on_end` is called each time that an end of the call is told: that is, once.
rpc::Task<CallResult> MakeCall(const Ledger::Client& client, const CallPlan& plan,
                               const std::function<void()>& on_end);

}  // namespace ledger
