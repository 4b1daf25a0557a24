#include "services/cli/load_text.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "rpc/wire/json_string.h"
#include "services/cli/figures.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

constexpr size_t kRowsMax = 16;
constexpr size_t kBarColumnsMax = 50;
constexpr size_t kBesideBar = 34;  // columns that the figures beside a bar take

constexpr std::pair<const char*, double> kShares[] = {
    {"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999},
};

std::string CodeName(size_t code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

std::string Latency(uint64_t us) { return LatencyText(static_cast<double>(us)); }

// A bucket's middle may lie beyond the largest value that there was.
uint64_t QuantileOf(const LoadResult& result, double share) {
  return std::clamp(result.latency.Quantile(share),
                    std::min(result.latency_min_us, result.latency_max_us), result.latency_max_us);
}

// From `from_us` up to the next one's.
struct Bar {
  uint64_t from_us = 0;
  uint64_t to_us = 0;
  uint64_t count = 0;
};

// The histogram in at most kRowsMax rows, each as many times as long as the one before.
std::vector<Bar> Bars(const LoadResult& result) {
  const auto low = static_cast<double>(std::max<uint64_t>(result.latency_min_us, 1));
  const auto high = static_cast<double>(std::max<uint64_t>(result.latency_max_us + 1, 2));
  const double factor = std::max(std::pow(high / low, 1.0 / kRowsMax), 1.1);
  std::vector<Bar> bars;
  for (double from = low; bars.empty() || (from < high && bars.size() < kRowsMax); from *= factor) {
    bars.push_back({.from_us = static_cast<uint64_t>(from),
                    .to_us = static_cast<uint64_t>(std::min(from * factor, high))});
    if (from * factor * 1.01 > high) break;  // rounding has left next to nothing
  }
  bars.back().to_us = static_cast<uint64_t>(high);
  const auto counts = result.latency.counts();
  for (size_t bucket = 0; bucket < counts.size(); ++bucket) {
    const uint64_t value = rpc::Histogram::FirstOf(bucket);
    auto bar = std::ranges::find_if(bars, [value](const Bar& b) { return value < b.to_us; });
    if (bar == bars.end()) bar = std::prev(bars.end());
    bar->count += counts[bucket];
  }
  return bars;
}

std::string HistogramText(const LoadResult& result, size_t columns, const Style& style) {
  const std::vector<Bar> bars = Bars(result);
  const uint64_t most = std::ranges::max(bars, {}, &Bar::count).count;
  const size_t room = columns > kBesideBar ? std::min(columns - kBesideBar, kBarColumnsMax) : 1;
  std::string text;
  for (const Bar& bar : bars) {
    const double share =
        100 * static_cast<double>(bar.count) / static_cast<double>(result.latency.count());
    size_t length = most == 0 ? 0 : static_cast<size_t>(bar.count * room / most);
    if (bar.count > 0) length = std::max<size_t>(length, 1);
    absl::StrAppend(&text, "  ", Right(Latency(bar.from_us), 8), " - ",
                    Right(Latency(bar.to_us), 8), Right(absl::StrFormat("%.2f%%", share), 9), "  ",
                    style.Green(std::string(length, '#')), "\n");
  }
  return text;
}

std::string HowText(const LoadReport& report) {
  const LoadOptions& options = *report.options;
  std::string text =
      absl::StrCat(report.connections, report.connections == 1 ? " connection, " : " connections, ",
                   "at most ", options.concurrency, " calls at once, ");
  if (options.rate > 0) {
    return absl::StrCat(text, RateText(options.rate),
                        " calls a second wanted; latency from when a call was due");
  }
  return absl::StrCat(text, "as fast as it goes");
}

std::string ErrorsText(const LoadResult& result, const Style& style) {
  std::string text;
  for (size_t code = 1; code < LoadResult::kCodes; ++code) {
    if (result.by_code[code] == 0) continue;
    absl::StrAppend(&text, "  ", Left(CodeName(code), 20), CountText(result.by_code[code]), "\n");
  }
  if (text.empty()) return "";
  return absl::StrCat("errors:\n", style.Red(text),
                      "  the first said: ", terminal::Harmless(result.first_error), "\n");
}

std::string Quoted(const std::string& text) {
  std::string quoted;
  rpc::wire::AppendJsonString(text, &quoted);
  return quoted;
}

}  // namespace

std::string LoadText(const LoadReport& report, size_t columns, const Style& style) {
  const LoadResult& result = *report.result;
  std::string text = absl::StrCat(style.Bold(absl::StrCat(report.method, " at ", report.address)),
                                  "\n", HowText(report), "\n\n");
  if (report.interrupted) absl::StrAppend(&text, style.Yellow("interrupted; until then:"), "\n");
  absl::StrAppend(&text, CountText(result.ended()),
                  result.ended() == 1 ? " call in " : " calls in ",
                  absl::StrFormat("%.2f s", absl::ToDoubleSeconds(result.elapsed)), ", ",
                  RateText(result.per_second()), " a second; ", CountText(result.by_code[0]),
                  " ok, ", CountText(result.failed()), " failed\n");
  if (result.ended() == 0) return text;
  absl::StrAppend(&text, "latency: mean ", LatencyText(result.latency.Mean()), ", least ",
                  Latency(result.latency_min_us), ", most ", Latency(result.latency_max_us),
                  "\n\n");
  for (const auto& [name, share] : kShares) {
    absl::StrAppend(&text, "  ", Left(name, 8), Right(Latency(QuantileOf(result, share)), 8), "\n");
  }
  absl::StrAppend(&text, "\n", HistogramText(result, columns, style));
  const std::string errors = ErrorsText(result, style);
  return errors.empty() ? text : absl::StrCat(text, "\n", errors);
}

std::string LoadJson(const LoadReport& report) {
  const LoadResult& result = *report.result;
  const LoadOptions& options = *report.options;
  std::string json = absl::StrCat(
      "{\"method\":", Quoted(report.method), ",\"address\":", Quoted(report.address),
      ",\"connections\":", report.connections, ",\"concurrency\":", options.concurrency,
      ",\"rate\":", options.rate, ",\"interrupted\":", report.interrupted ? "true" : "false",
      ",\"elapsed_us\":", absl::ToInt64Microseconds(result.elapsed), ",\"begun\":", result.begun,
      ",\"calls\":", result.ended(), ",\"ok\":", result.by_code[0], ",\"replies\":", result.replies,
      ",\"calls_per_second\":", absl::StrFormat("%.1f", result.per_second()), ",\"errors\":{");
  bool is_first = true;
  for (size_t code = 1; code < LoadResult::kCodes; ++code) {
    if (result.by_code[code] == 0) continue;
    absl::StrAppend(&json, std::exchange(is_first, false) ? "" : ",", "\"", CodeName(code),
                    "\":", result.by_code[code]);
  }
  absl::StrAppend(&json,
                  "},\"latency_us\":{\"mean\":", absl::StrFormat("%.1f", result.latency.Mean()),
                  ",\"min\":", result.ended() == 0 ? 0 : result.latency_min_us,
                  ",\"max\":", result.latency_max_us);
  for (const auto& [name, share] : kShares) {
    absl::StrAppend(&json, ",\"", name, "\":", QuantileOf(result, share));
  }
  absl::StrAppend(&json, "},\"histogram\":[");
  const auto counts = result.latency.counts();
  is_first = true;
  for (size_t bucket = 0; bucket < counts.size(); ++bucket) {
    if (counts[bucket] == 0) continue;
    absl::StrAppend(&json, std::exchange(is_first, false) ? "" : ",",
                    "{\"from_us\":", rpc::Histogram::FirstOf(bucket), ",\"count\":", counts[bucket],
                    "}");
  }
  return absl::StrCat(json, "]}\n");
}

std::string ProgressText(const LoadReport& report) {
  const LoadResult& result = *report.result;
  std::string share;
  const LoadOptions& options = *report.options;
  if (options.count != UINT64_MAX) {
    share = absl::StrFormat("%3.0f%%  ", 100 * static_cast<double>(result.ended()) /
                                             static_cast<double>(options.count));
  } else if (options.duration < absl::InfiniteDuration()) {
    const double part = absl::FDivDuration(result.elapsed, options.duration);
    share = absl::StrFormat("%3.0f%%  ", 100 * std::min(part, 1.0));
  }
  return absl::StrCat(share, CountText(result.ended()), " calls  ", RateText(result.per_second()),
                      "/s  ", CountText(result.failed()), " failed  p50 ",
                      Latency(result.latency.Quantile(0.5)), "  p99 ",
                      Latency(result.latency.Quantile(0.99)));
}

}  // namespace cli
