// What a session holds only while it has something to do: its calls, the events to be told, the
// lines of calls that have something to send. An idle session has none of it, for there may be
// thousands of them.
//
// Internal to rpc/session. The sessions of one loop hand it on to each other (WorkPool): memory
// that one has paid for is there for the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "rpc/session/call.h"
#include "rpc/session/call_table.h"
#include "rpc/session/deadlines.h"
#include "rpc/session/event.h"
#include "rpc/session/fifo.h"

namespace rpc::session {

// The sender's part.
struct SendLines {
  Fifo<Call*> opening;  // calls whose CALL waits: in the order of their ids
  Fifo<Call*> turns;    // calls that have something to send and credit for it
  std::vector<Call*> ended;
  std::vector<Call*> writable;
  uint64_t queued_size = 0;  // bytes in the queues of all calls

  bool nobody_waits() const {
    return opening.empty() && turns.empty() && ended.empty() && writable.empty();
  }
  bool empty() const { return nobody_waits() && queued_size == 0; }
};

struct Work {
  CallTable calls;
  uint64_t open_max = 0;  // no call with a higher id is open
  Deadlines<Call> deadlines;
  Fifo<Event> events;
  std::vector<std::unique_ptr<Call>> retired;
  SendLines lines;
  Call* current_call = nullptr;  // whose message, just completed, nobody has read yet
  std::string_view current_message;
  uint64_t memory_size = 0;    // of all inboxes
  uint64_t windows_grown = 0;  // by so much all together
  size_t full_inboxes = 0;

  bool empty() const {
    return calls.empty() && events.empty() && retired.empty() && lines.empty() &&
           deadlines.empty() && memory_size == 0 && windows_grown == 0 && full_inboxes == 0;
  }
};

class WorkPool {
 public:
  // What every idle session has: nothing is ever put into it.
  Work* none() { return &none_; }

  std::unique_ptr<Work> Take() {
    if (spare_.empty()) return std::make_unique<Work>();
    std::unique_ptr<Work> work = std::move(spare_.back());
    spare_.pop_back();
    return work;
  }

  // REQUIRES: work->empty()
  void Give(std::unique_ptr<Work> work) {
    if (spare_.size() < kSpareMax) spare_.push_back(std::move(work));
  }

 private:
  static constexpr size_t kSpareMax = 64;

  Work none_;
  std::vector<std::unique_ptr<Work>> spare_;
};

}  // namespace rpc::session
