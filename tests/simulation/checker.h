// The judge of a simulation: knows every call, hears from both ends what they were told, and
// complains of what must never be.
//
// What is expected of a call depends on what happened to its connection: see Link. On a connection
// with a damaged header anything may be answered, but each call still ends exactly once.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/session/event.h"
#include "tests/simulation/call_plan.h"
#include "tests/simulation/link.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

class Checker {
 public:
  explicit Checker(World* world) : world_(world) {}

  CallRecord* Add(const CallPlan& plan);
  // The call of that key; null when there is none.
  CallRecord* Find(uint64_t key);
  const std::deque<CallRecord>& calls() const { return calls_; }

  // The client: could not open it at all.
  void OnNotOpened(CallRecord* call, const absl::Status& why);
  void OnLeading(CallRecord* call, const session::Event& event);
  void OnReply(CallRecord* call, std::string_view message);
  void OnEnd(CallRecord* call, const session::Event& event, TimeUs client_now_us);
  void OnGivenUp(CallRecord* call);

  // The server.
  void OnBegin(CallRecord* call, const Link& link, const session::Event& event);
  void OnRequest(CallRecord* call, std::string_view message);
  void OnInputEnd(CallRecord* call);

  // Complains when `holds` is false.
  void Expect(bool holds, const CallRecord& call, std::string_view sentence);

  // How many calls have not ended at their client.
  size_t open_calls() const { return open_calls_; }
  std::string DescribeOpenCalls() const;

 private:
  void CheckOk(const CallRecord& call, const session::Event& event);
  void CheckPlannedError(const CallRecord& call, const session::Event& event);
  void CheckTrailing(const CallRecord& call, const session::Event& event);
  bool MayEndWith(const CallRecord& call, const absl::Status& status, TimeUs client_now_us) const;
  bool MayBeUnavailable(const CallRecord& call) const;

  World* world_;
  std::deque<CallRecord> calls_;
  size_t open_calls_ = 0;
};

std::string Describe(const CallRecord& call);

}  // namespace rpc::simulation
