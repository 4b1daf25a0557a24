#include "services/cli/top_table.h"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "services/cli/figures.h"
#include "services/cli/snapshot_text.h"
#include "services/stats/histograms.h"
#include "services/terminal/progress_bar.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

// Of the method's name, before other columns give way to it.
constexpr size_t kNameColumnsMin = 16;

constexpr const char* kOrderNames[] = {"calls", "errors", "p99", "name"};

// 13:37:05, where this program runs.
std::string ClockText(int64_t time_unix_us) {
  const auto seconds = static_cast<time_t>(time_unix_us / 1'000'000);
  tm parts = {};
  localtime_r(&seconds, &parts);
  return absl::StrFormat("%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

double Rate(uint64_t now, uint64_t before, double seconds) {
  return now <= before || seconds <= 0 ? 0 : static_cast<double>(now - before) / seconds;
}

std::string Quantile(const rpc::Histogram& latency, double share) {
  return latency.count() == 0 ? "-" : LatencyText(static_cast<double>(latency.Quantile(share)));
}

std::string Cut(const std::string& text, size_t columns) {
  return std::string(terminal::FirstColumns(text, columns));
}

// The end of a method's name tells more than its beginning.
std::string CutFront(const std::string& name, size_t columns) {
  if (terminal::TextWidth(name) <= columns) return name;
  std::string_view rest = name;
  while (!rest.empty() && terminal::TextWidth(rest) + 2 > columns) terminal::TakeCell(&rest);
  return Cut(absl::StrCat("..", std::string(rest)), columns);
}

// As many as fit, with two blanks between them.
std::string Joined(const std::vector<std::string>& parts, size_t columns) {
  std::string line;
  for (const std::string& part : parts) {
    const std::string next = line.empty() ? part : absl::StrCat(line, "  ", part);
    if (terminal::TextWidth(next) > columns) break;
    line = next;
  }
  return line;
}

}  // namespace

void TopTable::Take(const stats::Snapshot& snapshot) {
  const bool goes_on = last_.has_value() &&
                       snapshot.process().uptime_us() > last_->process().uptime_us() &&
                       snapshot.process().start_unix_us() == last_->process().start_unix_us();
  if (goes_on) Compare(*last_, snapshot);
  ready_ |= goes_on;
  last_ = snapshot;
}

void TopTable::Compare(const stats::Snapshot& before, const stats::Snapshot& now) {
  const uint64_t passed_us = now.process().uptime_us() - before.process().uptime_us();
  const double seconds = static_cast<double>(passed_us) / 1'000'000;
  std::map<std::string, const stats::Method*> methods;
  for (const stats::Method& method : before.methods()) methods[method.name()] = &method;
  rows_.clear();
  for (const stats::Method& method : now.methods()) {
    const auto found = methods.find(method.name());
    AddRow(method, found == methods.end() ? nullptr : found->second, seconds);
  }
  calls_ = errors_ = 0;
  for (const Row& row : rows_) {
    calls_ += row.calls;
    errors_ += row.errors;
  }
  cpu_ = Rate(now.process().cpu_us(), before.process().cpu_us(), seconds) / 1'000'000;
  lag_p99_us_ = 0;
  for (int i = 0; i < std::min(now.loops_size(), before.loops_size()); ++i) {
    rpc::Histogram lag = stats::ReadHistogram(now.loops(i).lag());
    lag -= stats::ReadHistogram(before.loops(i).lag());
    lag_p99_us_ = std::max(lag_p99_us_, lag.Quantile(0.99));
  }
  Sort();
}

void TopTable::AddRow(const stats::Method& method, const stats::Method* before, double seconds) {
  const stats::Method none;
  if (before == nullptr) before = &none;
  Row row = {.name = terminal::Harmless(method.name()),
             .calls = Rate(method.begun(), before->begun(), seconds),
             .errors = Rate(FailuresOf(method) + method.refused(),
                            FailuresOf(*before) + before->refused(), seconds),
             .open = method.open(),
             .latency = stats::ReadHistogram(method.latency()),
             .begun = method.begun()};
  row.latency -= stats::ReadHistogram(before->latency());
  rows_.push_back(std::move(row));
}

void TopTable::NextOrder() {
  order_ =
      order_ == Order::kName ? Order::kCalls : static_cast<Order>(static_cast<uint8_t>(order_) + 1);
  Sort();
}

void TopTable::Sort() {
  std::ranges::stable_sort(rows_, {}, &Row::name);
  if (order_ == Order::kName) return;
  std::ranges::stable_sort(rows_, [this](const Row& a, const Row& b) {
    if (order_ == Order::kErrors && a.errors != b.errors) return a.errors > b.errors;
    if (order_ == Order::kLatency) return a.latency.Quantile(0.99) > b.latency.Quantile(0.99);
    return a.calls != b.calls ? a.calls > b.calls : a.begun > b.begun;
  });
}

void TopTable::Scroll(int lines) {
  const auto last = static_cast<int>(rows_.size()) - 1;
  first_ = static_cast<size_t>(std::clamp(static_cast<int>(first_) + lines, 0, std::max(last, 0)));
}

std::vector<std::string> TopTable::Summary() const {
  const stats::Process& process = last_->process();
  const absl::Duration up = absl::Microseconds(static_cast<int64_t>(process.uptime_us()));
  return {absl::StrCat(RateText(calls_), " calls/s"),
          absl::StrCat(RateText(errors_), " errors/s"),
          absl::StrCat(CountText(last_->connections().open()),
                       last_->connections().open() == 1 ? " connection" : " connections"),
          absl::StrFormat("cpu %.0f%%", cpu_ * 100),
          terminal::SizeText(process.memory_resident_bytes()),
          absl::StrCat("lag p99 ", LatencyText(static_cast<double>(lag_p99_us_))),
          absl::StrCat("up ", terminal::TimeText(up))};
}

std::string TopTable::Keys() const {
  if (!notice_.empty()) return notice_;
  return absl::StrCat("q quit  s sort (by ", kOrderNames[static_cast<size_t>(order_)],
                      ")  up, down scroll");
}

const TopTable::Column TopTable::kColumns[] = {
    {"calls/s", 9, [](const Row& row) { return RateText(row.calls); }},
    {"errors/s", 10, [](const Row& row) { return RateText(row.errors); }},
    {"p99", 9, [](const Row& row) { return Quantile(row.latency, 0.99); }},
    {"p50", 9, [](const Row& row) { return Quantile(row.latency, 0.5); }},
    {"open", 7, [](const Row& row) { return CountText(row.open); }},
};

std::span<const TopTable::Column> TopTable::ColumnsFor(size_t columns) {
  size_t used = kNameColumnsMin;
  size_t count = 0;
  while (count < std::size(kColumns) && used + kColumns[count].width <= columns) {
    used += kColumns[count++].width;
  }
  return std::span(kColumns).first(count);
}

void TopTable::AppendTable(size_t columns, size_t rows, const Style& style,
                           std::vector<std::string>* lines) const {
  const std::span<const Column> shown = ColumnsFor(columns);
  size_t name_columns = columns;
  for (const Column& column : shown) name_columns -= column.width;
  std::string head = Left(Cut("method", name_columns), name_columns);
  for (const Column& column : shown) absl::StrAppend(&head, Right(column.title, column.width));
  lines->push_back(style.Inverse(head));
  for (size_t i = first_; i < rows_.size() && lines->size() + 1 < rows; ++i) {
    const Row& row = rows_[i];
    std::string line = Left(CutFront(row.name, name_columns), name_columns);
    for (const Column& column : shown) {
      absl::StrAppend(&line, Right(column.text(row), column.width));
    }
    const bool is_quiet = row.calls == 0 && row.open == 0;
    lines->push_back(row.errors > 0 ? style.Red(line) : is_quiet ? style.Dim(line) : line);
  }
}

std::vector<std::string> TopTable::Screen(size_t columns, size_t rows, const Style& style) const {
  std::vector<std::string> lines;
  lines.push_back(style.Bold(Cut(absl::StrCat("rpc top ", address_), columns)));
  if (ready_) {
    lines.push_back(Joined(Summary(), columns));
    AppendTable(columns, rows, style, &lines);
  } else {
    lines.push_back(Cut("waiting for the second snapshot", columns));
  }
  lines.resize(std::max<size_t>(rows, 1));
  if (rows > 1) lines.back() = style.Dim(Cut(Keys(), columns));
  return lines;
}

std::string TopTable::Plain() const {
  const std::vector<std::string> summary = Summary();
  std::string text =
      absl::StrCat(ClockText(last_->time_unix_us()), "  ", Joined(summary, SIZE_MAX), "\n");
  for (const Row& row : rows_) {
    if (row.calls == 0 && row.errors == 0 && row.open == 0) continue;
    absl::StrAppend(&text, "  ", row.name, "  ", RateText(row.calls), " calls/s  ",
                    RateText(row.errors), " errors/s  ", row.open, " open  p50 ",
                    Quantile(row.latency, 0.5), "  p99 ", Quantile(row.latency, 0.99), "\n");
  }
  return text;
}

}  // namespace cli
