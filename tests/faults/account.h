// Keeps account of calls: how each ended, whether it may have ended so, and how often it was run.
//
//     Account account(absl::Seconds(5));
//     account.Enter("tcp", plan, result, {.troubled = true});
//     account.EnterRuns("tcp", plan.id, ...);             // at the end, with what the server says
//     std::puts(account.Table().c_str());
//     return account.complaints() == 0;
//
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/faults/caller.h"
#include "tests/faults/fault.h"

namespace ledger {

// What was done to the calls of one way so far: the reasons for which they may fail.
struct Circumstances {
  bool troubled = false;   // the network was such that connections may have ended
  bool corrupted = false;  // bits were flipped
  bool encrypted = false;
  bool limited = false;  // the server refuses calls
  bool drained = false;  // the server sends connections away
  bool restarted = false;
  bool starved = false;  // the server has no memory: a handler that finds none throws
};

// Whether the status says that no handler has seen the call, so that making it again cannot do it
// twice. (Calls that the protocol calls UNSEEN are made again by the channel itself, once. What an
// application is told is the sentence.)
bool PromisesUnseen(const absl::Status& status);

// What is wrong with a call that ended so; empty when nothing is.
std::string WhatIsWrong(const CallPlan& plan, const CallResult& result, const Circumstances& why,
                        absl::Duration slack);
// And with how often it was run.
std::string WhatIsWrongWithRuns(absl::StatusCode code, bool promised_unseen, unsigned runs);

class Account {
 public:
  // Complaints that are told; more are counted.
  static constexpr size_t kToldMax = 20;

  // A call may end so much later than its deadline, on a machine that has other things to do.
  explicit Account(absl::Duration slack) : slack_(slack) {}

  void Enter(const std::string& way, const CallPlan& plan, const CallResult& result,
             const Circumstances& why);
  // A call of this way that has ended with `code` was run so often.
  void EnterRuns(const std::string& way, uint64_t id, absl::StatusCode code, bool promised_unseen,
                 unsigned runs);
  // What the network of this way was so far, in place of what was told before.
  void SetWeather(const std::string& way, const WeatherReport& report);
  void Complain(const std::string& complaint);

  uint64_t calls() const;
  uint64_t calls(const std::string& way, absl::StatusCode code) const;
  WeatherReport weather(const std::string& way) const;
  // What a call of this way took at most.
  absl::Duration longest(const std::string& way) const;
  uint64_t complaints() const { return complaints_; }
  const std::vector<std::string>& told() const { return told_; }

  // One line for each way, one for the weather of each that is known, and then what was wrong.
  std::string Table() const;

 private:
  struct Line {
    std::array<uint64_t, 17> by_code = {};
    uint64_t never_run = 0;
    bool runs_are_known = false;
    uint64_t promised_unseen = 0;
    absl::Duration latest = absl::ZeroDuration();  // behind the deadline
    absl::Duration longest = absl::ZeroDuration();
  };

  static std::string Row(const std::string& way, const Line& line);

  const absl::Duration slack_;
  std::map<std::string, Line> lines_;             // by way
  std::map<std::string, WeatherReport> weather_;  // the same
  uint64_t complaints_ = 0;
  std::vector<std::string> told_;
};

}  // namespace ledger
