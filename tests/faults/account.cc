#include "tests/faults/account.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ledger {
namespace {

// Timers have the grain of a millisecond, and may round.
constexpr absl::Duration kGrain = absl::Milliseconds(2);

constexpr std::string_view kUnseenWords[] = {
    "cannot connect to",       // never sent
    "cannot resolve",          //
    "while connecting",        // its deadline passed there
    "before it was sent",      //
    "before the call was",     //
    "while there was no",      //
    "server took no more",     //
    "server is draining",      // refused
    "is shutting down",        //
    "wait, and both are full"  //
};

// Whether there is a reason to end with this code.
bool HasReason(const CallPlan& plan, const CallResult& result, const Circumstances& why) {
  const bool streams = plan.kind != CallKind::kSmall && plan.kind != CallKind::kLarge;
  switch (result.status.code()) {
    case absl::StatusCode::kOk:
      return true;
    case absl::StatusCode::kUnavailable:
      return why.troubled || why.restarted || why.drained;
    case absl::StatusCode::kDeadlineExceeded:
      return result.took + kGrain >= plan.timeout;
    case absl::StatusCode::kResourceExhausted:
      return why.limited && !streams;
    case absl::StatusCode::kDataLoss:
      return why.corrupted && !why.encrypted;
    case absl::StatusCode::kCancelled:
      return result.cancelled_by_us;
    case absl::StatusCode::kInternal:
      return why.starved;
    default:
      return false;
  }
}

constexpr absl::StatusCode kColumns[] = {
    absl::StatusCode::kOk,        absl::StatusCode::kUnavailable,
    absl::StatusCode::kCancelled, absl::StatusCode::kDeadlineExceeded,
    absl::StatusCode::kDataLoss,  absl::StatusCode::kResourceExhausted};

}  // namespace

bool PromisesUnseen(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status)) return false;
  return std::any_of(std::begin(kUnseenWords), std::end(kUnseenWords), [&](std::string_view words) {
    return absl::StrContains(status.message(), absl::string_view(words.data(), words.size()));
  });
}

std::string WhatIsWrong(const CallPlan& plan, const CallResult& result, const Circumstances& why,
                        absl::Duration slack) {
  if (!result.right) return "a wrong answer";
  if (result.took > plan.timeout + slack) {
    return absl::StrCat("it took ", absl::FormatDuration(result.took), " with a timeout of ",
                        absl::FormatDuration(plan.timeout));
  }
  return HasReason(plan, result, why) ? "" : "there is no reason for this status";
}

std::string WhatIsWrongWithRuns(absl::StatusCode code, bool promised_unseen, unsigned runs) {
  if (runs > 1) return absl::StrCat("it was run ", runs, " times");
  if (code == absl::StatusCode::kOk && runs == 0) return "it was answered, but never run";
  if (promised_unseen && runs > 0) return "it was told to be unseen, but was run";
  return "";
}

void Account::Enter(const std::string& way, const CallPlan& plan, const CallResult& result,
                    const Circumstances& why) {
  Line& line = lines_[way];
  ++line.by_code[static_cast<size_t>(result.status.raw_code()) % line.by_code.size()];
  if (PromisesUnseen(result.status)) ++line.promised_unseen;
  line.latest = std::max(line.latest, result.took - plan.timeout);
  line.longest = std::max(line.longest, result.took);
  const std::string wrong = WhatIsWrong(plan, result, why, slack_);
  if (wrong.empty()) return;
  Complain(absl::StrCat(way, " call ", plan.id, " (", std::string(NameOf(plan.kind)), ", timeout ",
                        absl::FormatDuration(plan.timeout), ") after ",
                        absl::FormatDuration(result.took), ": ", wrong, ": ",
                        result.status.ToString()));
}

void Account::EnterRuns(const std::string& way, uint64_t id, absl::StatusCode code,
                        bool promised_unseen, unsigned runs) {
  Line& line = lines_[way];
  line.runs_are_known = true;
  if (runs == 0) ++line.never_run;
  const std::string wrong = WhatIsWrongWithRuns(code, promised_unseen, runs);
  if (wrong.empty()) return;
  Complain(
      absl::StrCat(way, " call ", id, ", ended ", absl::StatusCodeToString(code), ": ", wrong));
}

void Account::SetWeather(const std::string& way, const WeatherReport& report) {
  weather_[way] = report;
}

void Account::Complain(const std::string& complaint) {
  if (++complaints_ <= kToldMax) told_.push_back(complaint);
}

uint64_t Account::calls() const {
  uint64_t sum = 0;
  for (const auto& [way, line] : lines_) {
    sum = std::accumulate(line.by_code.begin(), line.by_code.end(), sum);
  }
  return sum;
}

uint64_t Account::calls(const std::string& way, absl::StatusCode code) const {
  const auto line = lines_.find(way);
  return line == lines_.end() ? 0 : line->second.by_code[static_cast<size_t>(code)];
}

WeatherReport Account::weather(const std::string& way) const {
  const auto report = weather_.find(way);
  return report == weather_.end() ? WeatherReport() : report->second;
}

absl::Duration Account::longest(const std::string& way) const {
  const auto line = lines_.find(way);
  return line == lines_.end() ? absl::ZeroDuration() : line->second.longest;
}

std::string Account::Row(const std::string& way, const Line& line) {
  const uint64_t all = std::accumulate(line.by_code.begin(), line.by_code.end(), uint64_t{0});
  uint64_t other = all;
  for (const absl::StatusCode code : kColumns) other -= line.by_code[static_cast<size_t>(code)];
  const auto of = [&](size_t column) {
    return line.by_code[static_cast<size_t>(kColumns[column])];
  };
  const std::string never_run = line.runs_are_known ? absl::StrCat(line.never_run) : "-";
  return absl::StrFormat("%-6s %9d %9d %11d %9d %8d %9d %9d %6d %9s %8d %9d ms\n", way, all, of(0),
                         of(1), of(2), of(3), of(4), of(5), other, never_run, line.promised_unseen,
                         absl::ToInt64Milliseconds(line.latest));
}

std::string Account::Table() const {
  std::string text =
      absl::StrFormat("%-6s %9s %9s %11s %9s %8s %9s %9s %6s %9s %8s %12s\n", "way", "calls", "OK",
                      "UNAVAILABLE", "CANCELLED", "DEADLINE", "DATA_LOSS", "EXHAUSTED", "other",
                      "never run", "unseen", "latest by");
  for (const auto& [way, line] : lines_) absl::StrAppend(&text, Row(way, line));
  for (const auto& [way, report] : weather_) {
    absl::StrAppend(&text, "weather of ", way, ": ", report.Text(), "\n");
  }
  for (const std::string& complaint : told_) absl::StrAppend(&text, "WRONG: ", complaint, "\n");
  if (complaints_ > told_.size()) {
    absl::StrAppend(&text, "and ", complaints_ - told_.size(), " more\n");
  }
  return text;
}

}  // namespace ledger
