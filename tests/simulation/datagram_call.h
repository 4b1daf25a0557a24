// One call over datagrams: what client and handler are to do, what became of it, and whether it may
// have ended so.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"
#include "rpc/session/event.h"
#include "rpc/session/server_session.h"
#include "tests/simulation/datagram_scenario.h"
#include "tests/simulation/payload.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

struct DatagramPlan {
  enum class Method : uint8_t { kUnary, kStream, kUnknown };
  enum class Outcome : uint8_t { kReply, kError, kRefusal, kWaits };

  DatagramPlan(Random random, const DatagramScenario& scenario, uint64_t key);

  std::string_view name() const;
  MessageName request() const { return {key, Direction::kRequest, 0, message_size_max}; }
  MessageName reply() const { return {key, Direction::kReply, 0, message_size_max}; }
  absl::Status error() const;

  uint64_t key;
  Method method = Method::kUnary;
  Outcome outcome = Outcome::kReply;
  uint64_t message_size_max;
  TimeUs start_us;
  TimeUs timeout_us = 0;       // 0: none of its own
  TimeUs cancel_after_us = 0;  // 0: never
  TimeUs handler_us = 0;       // until it ends
  bool trailing = false;
  bool long_error = false;  // longer than what may be sent
};

struct DatagramRecord {
  explicit DatagramRecord(const DatagramPlan& plan) : plan(plan) {}

  DatagramPlan plan;
  int client = -1;
  std::string address;
  uint64_t session = 0;
  uint64_t id = 0;
  TimeUs opened_us = 0;    // by the world's clock
  TimeUs deadline_us = 0;  // the same
  int ends = 0;            // told, given up, or gone with its process
  int runs = 0;            // of handlers, for this very call
};

class DatagramBook {
 public:
  DatagramBook(World* world, const DatagramScenario* scenario)
      : world_(world), scenario_(scenario) {}

  DatagramRecord* Add(const DatagramPlan& plan);
  // The call of that key; null when there is none.
  DatagramRecord* Find(uint64_t key);

  // The client.
  void OnNotOpened(DatagramRecord* call, const absl::Status& why);
  void OnEnd(DatagramRecord* call, const session::Event& event);
  void OnGone(DatagramRecord* call, std::string_view how);  // given up, or with its process

  // A handler begins, in the server's `life`-th life. Null when the call is none of the book's: a
  // stranger's, or one that came from another address than its own.
  DatagramRecord* OnBegin(int life, std::string_view source, const session::Event& event);

  // A header of the client at that address was damaged: nothing protects it, so what its calls end
  // with is not judged from now on.
  void Taint(const std::string& address) { tainted_.insert(address); }
  void NoteUnavailable() { unavailable_ = true; }
  // The last moment at which anything went wrong.
  void NoteHealed() { healed_us_ = world_->now_us(); }

  size_t open_calls() const { return open_calls_; }

 private:
  void Expect(bool holds, const DatagramRecord& call, std::string_view sentence);
  bool MayEndWith(const DatagramRecord& call, const absl::Status& status) const;
  bool MayBeTooLarge(const DatagramRecord& call) const;
  void CheckOk(const DatagramRecord& call, const session::Event& event);
  void CheckDeadline(const DatagramRecord& call);
  void CheckRunsOnce(int life, const std::string& source, const wire::Header& header);

  World* world_;
  const DatagramScenario* scenario_;
  std::deque<DatagramRecord> calls_;
  std::set<std::string> tainted_;
  // Of each call that ran, by life, source, session and id: until when it is remembered.
  std::map<std::tuple<int, std::string, uint64_t, uint64_t>, TimeUs> runs_;
  size_t open_calls_ = 0;
  bool unavailable_ = false;
  TimeUs healed_us_ = 0;
};

// The method of a name; null for that of kUnknown.
const session::Method* FindDatagramMethod(std::string_view name);

// Metadata: the key of a call as 8 bytes; what a handler sends behind its reply.
inline constexpr std::string_view kCallKeyName = "key-bin";
inline constexpr std::string_view kDatagramTrailingName = "trailing";
std::string KeyBytes(uint64_t key);

}  // namespace rpc::simulation
