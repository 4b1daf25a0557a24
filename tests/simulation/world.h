// Time and order in a simulation: events in a queue by time, and nothing else that moves.
//
//     World world(seed, nullptr);
//     world.After(5 * kMillisecondUs, [&] { ... });
//     while (world.Step()) {}
//
// Events of the same moment happen in the order in which they were put in. There is no real time,
// no thread and no socket, so a seed always gives the same run; `digest` tells whether it did.
//
// Also here, because all parts need it: the first complaint, which ends the run; what happened, by
// kind; and the last lines of the trace.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/scenario.h"

namespace rpc::simulation {

// Takes each line of what happens.
using Trace = std::function<void(const std::string& line)>;

class World {
 public:
  World(uint64_t seed, Trace trace);

  TimeUs now_us() const { return now_us_; }
  uint64_t steps() const { return steps_; }
  Random& random() { return random_; }
  const Scenario& scenario() const { return scenario_; }

  void After(TimeUs delay_us, std::function<void()> act);

  // Lets the next event happen. False when there is none, or after a complaint.
  bool Step();

  // Nothing goes wrong from now on.
  void Heal() { healed_ = true; }
  bool healed() const { return healed_; }

  // What must never be. Only the first is kept.
  void Complain(const std::string& complaint);
  const std::string& complaint() const { return complaint_; }

  // Counts something that happened, and writes it into the digest of the run.
  void Count(const std::string& what, uint64_t amount = 1);
  const std::map<std::string, uint64_t>& counts() const { return counts_; }
  void Digest(uint64_t value) { digest_ = Random::Mix(digest_ ^ value); }
  uint64_t digest() const { return digest_; }

  bool tracing() const { return static_cast<bool>(trace_); }
  void Write(const std::string& line);

 private:
  struct Event {
    TimeUs at_us;
    uint64_t number;
    std::function<void()> act;
    bool operator<(const Event& other) const {  // the queue has the largest on top
      return at_us != other.at_us ? at_us > other.at_us : number > other.number;
    }
  };

  Trace trace_;
  Random random_;
  Scenario scenario_;
  TimeUs now_us_ = 0;
  uint64_t steps_ = 0;
  uint64_t numbers_ = 0;
  uint64_t digest_ = 0;
  bool healed_ = false;
  std::priority_queue<Event> events_;
  std::string complaint_;
  std::map<std::string, uint64_t> counts_;
};

// The clock of one process.
class Clock {
 public:
  Clock(const World* world, TimeUs offset_us) : world_(world), offset_us_(offset_us) {}

  TimeUs now_us() const { return world_->now_us() + offset_us_; }
  void Jump(TimeUs by_us) { offset_us_ += by_us; }

  // From now until this clock shows `at_us`.
  TimeUs Until(TimeUs at_us) const { return at_us > now_us() ? at_us - now_us() : 0; }

 private:
  const World* world_;
  TimeUs offset_us_;
};

}  // namespace rpc::simulation
