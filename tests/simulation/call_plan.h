// One call of a simulation: what client and handler are to do, and what became of it. Both ends
// know the plan, and each writes down what it saw; the checker compares.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/session/server_session.h"
#include "tests/simulation/payload.h"
#include "tests/simulation/scenario.h"

namespace rpc::simulation {

class Link;

enum class CallKind : uint8_t { kUnary, kServerStream, kClientStream, kBoth, kUnknownMethod };

enum class Reading : uint8_t { kAtOnce, kSlowly, kNever };

// How a handler comes to its end.
enum class Finish : uint8_t {
  kAfterInput,  // when it has read everything and written everything
  kEarly,       // when it has written everything, whatever is left to read
  kError,       // like kEarly, with an error
  kWaits,       // only when the call is cancelled
};

struct CallPlan {
  CallPlan(Random random, const Scenario& scenario, uint64_t key);

  std::string_view name() const;
  bool single_request() const { return kind != CallKind::kClientStream && kind != CallKind::kBoth; }
  bool single_reply() const { return kind != CallKind::kServerStream && kind != CallKind::kBoth; }
  MessageName request(uint64_t index) const;
  MessageName reply(uint64_t index) const;

  uint64_t key;
  CallKind kind;
  uint64_t requests = 1;
  uint64_t replies = 1;
  uint64_t message_size_max;

  // Client.
  TimeUs start_us;
  TimeUs timeout_us = 0;           // 0: none
  TimeUs cancel_after_us = 0;      // 0: never
  uint64_t cancel_at_message = 0;  // when that many messages have been read; 0: never
  bool opens_bare = false;         // the first message comes after the CALL
  bool closes_apart = false;       // LAST stands alone
  bool shares_memory = false;      // of its messages
  bool impatient = false;          // writes although it was told to wait
  Reading reply_reading = Reading::kAtOnce;
  TimeUs request_gap_us = 0;
  TimeUs read_gap_us = 0;

  // Handler.
  Finish finish = Finish::kAfterInput;
  Reading request_reading = Reading::kAtOnce;
  TimeUs start_delay_us = 0;
  TimeUs reply_gap_us = 0;
  TimeUs end_delay_us = 0;    // between being cancelled, or having done everything, and its end
  bool leading = false;       // metadata before the reply
  bool trailing = false;      // metadata with the END
  bool writes_reply = false;  // a single reply goes as a MESSAGE, and END has none

  bool may_be_cancelled() const { return cancel_after_us > 0 || cancel_at_message > 0; }

 private:
  void PlanKind(Random& random);
  void PlanClient(Random& random);
  void PlanHandler(Random& random);
};

// The method of a name; null for that of kUnknownMethod.
const session::Method* FindMethod(std::string_view name);

// What a handler that is to fail says, and the metadata it sends.
absl::Status PlannedError(uint64_t key);
std::string LeadingValue(uint64_t key);
std::string TrailingValue(uint64_t key);
inline constexpr std::string_view kKeyName = "key-bin";
inline constexpr std::string_view kLeadingName = "leading";
inline constexpr std::string_view kTrailingName = "trailing";

// What became of it.
struct CallRecord {
  explicit CallRecord(const CallPlan& plan) : plan(plan) {}

  CallPlan plan;

  // At the client.
  Link* link = nullptr;  // null until it has been opened
  uint64_t id = 0;
  TimeUs opened_us = 0;                  // by the world's clock
  TimeUs deadline_us = session::kNever;  // by the client's clock
  uint64_t requests_written = 0;
  bool requests_closed = false;
  uint64_t replies_read = 0;
  bool leading_seen = false;
  int ends = 0;           // times that the client was told, or gave it up
  bool given_up = false;  // by the client
  bool unseen = false;    // the client was told that no handler saw it
  absl::Status status;

  // At the server.
  int begins = 0;
  uint64_t requests_read = 0;
  uint64_t replies_written = 0;
  bool input_ended = false;
  bool handler_ended = false;  // by itself, not because it was cancelled
  absl::Status handler_status;
};

}  // namespace rpc::simulation
