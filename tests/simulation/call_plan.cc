#include "tests/simulation/call_plan.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace rpc::simulation {

CallPlan::CallPlan(Random random, const Scenario& scenario, uint64_t call_key) : key(call_key) {
  start_us = random.Below(scenario.span_us);
  message_size_max = random.Percent(50) ? random.Spread(1'000) : scenario.message_size_max;
  if (message_size_max > scenario.message_size_max) message_size_max = scenario.message_size_max;
  PlanKind(random);
  PlanClient(random);
  PlanHandler(random);
}

void CallPlan::PlanKind(Random& random) {
  kind = static_cast<CallKind>(random.Below(4));
  if (random.Percent(2)) kind = CallKind::kUnknownMethod;
  // Large messages are few.
  const uint64_t messages_max = message_size_max > 200'000 ? 4 : message_size_max > 2'000 ? 12 : 30;
  if (!single_request()) requests = random.Spread(messages_max);
  if (!single_reply()) replies = random.Spread(messages_max);
}

void CallPlan::PlanClient(Random& random) {
  if (random.Percent(25)) timeout_us = 1 + random.Spread(20 * kSecondUs);
  if (random.Percent(12)) cancel_after_us = 1 + random.Spread(5 * kSecondUs);
  if (random.Percent(8)) cancel_at_message = 1 + random.Spread(5);
  opens_bare = requests == 0 || (!single_request() && random.Percent(40));
  closes_apart = random.Percent(40);
  shares_memory = random.Percent(70);
  impatient = random.Percent(15);
  if (random.Percent(30)) reply_reading = Reading::kSlowly;
  if (random.Percent(30)) request_gap_us = random.Spread(300 * kMillisecondUs);
  read_gap_us = random.Spread(300 * kMillisecondUs);
}

void CallPlan::PlanHandler(Random& random) {
  const uint64_t finishes = random.Below(100);
  finish = finishes < 70   ? Finish::kAfterInput
           : finishes < 80 ? Finish::kEarly
           : finishes < 92 ? Finish::kError
                           : Finish::kWaits;
  if (finish == Finish::kWaits && timeout_us == 0 && cancel_after_us == 0) {
    finish = Finish::kAfterInput;
  }
  const uint64_t readings = random.Below(100);
  request_reading = readings < 60   ? Reading::kAtOnce
                    : readings < 85 ? Reading::kSlowly
                                    : Reading::kNever;
  if (request_reading == Reading::kNever && finish == Finish::kAfterInput) finish = Finish::kEarly;
  if (random.Percent(40)) start_delay_us = random.Spread(kSecondUs);
  if (random.Percent(3)) start_delay_us = random.Spread(15 * kSecondUs);
  if (random.Percent(30)) reply_gap_us = random.Spread(300 * kMillisecondUs);
  if (random.Percent(30)) end_delay_us = random.Spread(kSecondUs);
  leading = random.Percent(20);
  trailing = random.Percent(20);
  writes_reply = random.Percent(20);
}

std::string_view CallPlan::name() const {
  switch (kind) {
    case CallKind::kUnary:
      return "simulation.Service/Unary";
    case CallKind::kServerStream:
      return "simulation.Service/ServerStream";
    case CallKind::kClientStream:
      return "simulation.Service/ClientStream";
    case CallKind::kBoth:
      return "simulation.Service/Both";
    case CallKind::kUnknownMethod:
      break;
  }
  return "simulation.Service/Unknown";
}

const session::Method* FindMethod(std::string_view name) {
  static constexpr session::Method kUnary{true, true};
  static constexpr session::Method kServerStream{true, false};
  static constexpr session::Method kClientStream{false, true};
  static constexpr session::Method kBoth{false, false};
  if (name == "simulation.Service/Unary") return &kUnary;
  if (name == "simulation.Service/ServerStream") return &kServerStream;
  if (name == "simulation.Service/ClientStream") return &kClientStream;
  if (name == "simulation.Service/Both") return &kBoth;
  return nullptr;
}

MessageName CallPlan::request(uint64_t index) const {
  return {key, Direction::kRequest, index, message_size_max};
}

MessageName CallPlan::reply(uint64_t index) const {
  return {key, Direction::kReply, index, message_size_max};
}

absl::Status PlannedError(uint64_t key) {
  // Codes that no session ends a call with by itself.
  static constexpr absl::StatusCode kCodes[] = {
      absl::StatusCode::kNotFound, absl::StatusCode::kAlreadyExists,
      absl::StatusCode::kPermissionDenied, absl::StatusCode::kAborted};
  absl::Status status(kCodes[key % 4], absl::StrCat("the planned error of call ", key));
  if (key % 3 == 0) status.SetPayload("simulation/detail", absl::Cord(absl::StrCat(key)));
  return status;
}

std::string LeadingValue(uint64_t key) { return absl::StrCat("before the reply of ", key); }
std::string TrailingValue(uint64_t key) { return absl::StrCat("after the reply of ", key); }

}  // namespace rpc::simulation
