#include "services/cli/snapshot_text.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/rpc.h"
#include "services/cli/figures.h"
#include "services/stats/histograms.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

std::string FailureText(const stats::Method& method) {
  std::string text;
  for (const stats::Failures& failures : method.failed()) {
    const auto code = static_cast<absl::StatusCode>(failures.code());
    absl::StrAppend(&text, " ", absl::StatusCodeToString(code), " ", CountText(failures.count()));
  }
  if (method.expired() > 0) absl::StrAppend(&text, " expired ", CountText(method.expired()));
  if (method.refused() > 0) absl::StrAppend(&text, " refused ", CountText(method.refused()));
  return text;
}

}  // namespace

uint64_t FailuresOf(const stats::Method& method) {
  uint64_t count = method.expired();
  for (const stats::Failures& failures : method.failed()) count += failures.count();
  return count;
}

std::string MethodTable(const stats::Snapshot& snapshot, bool all, const Style& style) {
  std::vector<const stats::Method*> methods;
  size_t column = 6;
  for (const stats::Method& method : snapshot.methods()) {
    if (!all && method.begun() == 0 && method.refused() == 0) continue;
    methods.push_back(&method);
    column = std::max(column, terminal::TextWidth(terminal::Harmless(method.name())));
  }
  column = std::min(column, kNameColumnsMax);
  std::ranges::stable_sort(methods, [](const stats::Method* a, const stats::Method* b) {
    return a->begun() > b->begun();
  });
  const std::string head =
      absl::StrCat(Left("method", column), Right("calls", 12), Right("open", 7), Right("errors", 9),
                   Right("p50", 9), Right("p99", 9), Right("max", 9));
  std::string text = absl::StrCat(style.Bold(head), "\n");
  for (const stats::Method* method : methods) {
    const rpc::Histogram latency = stats::ReadHistogram(method->latency());
    const auto at = [&latency](double share) {
      if (latency.count() == 0) return Right("-", 9);
      return Right(LatencyText(static_cast<double>(latency.Quantile(share))), 9);
    };
    const uint64_t errors = FailuresOf(*method);
    const std::string errors_text = Right(CountText(errors), 9);
    absl::StrAppend(&text, Left(terminal::Harmless(method->name()), column),
                    Right(CountText(method->begun()), 12), Right(CountText(method->open()), 7),
                    errors == 0 ? errors_text : style.Red(errors_text), at(0.5), at(0.99), at(1),
                    style.Red(FailureText(*method)), "\n");
  }
  return text;
}

}  // namespace cli
