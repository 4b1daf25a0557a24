#include "services/cli/figures.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

// Three digits that count.
std::string Short(double value) {
  if (value >= 100) return absl::StrFormat("%.0f", value);
  return absl::StrFormat(value >= 10 ? "%.1f" : "%.2f", value);
}

std::string Blanks(const std::string& text, size_t columns) {
  const size_t width = terminal::TextWidth(text);
  return std::string(columns > width ? columns - width : 0, ' ');
}

}  // namespace

std::string LatencyText(double us) {
  if (us < 1'000) return absl::StrFormat("%.0fus", us);
  if (us < 1'000'000) return Short(us / 1'000) + "ms";
  return Short(us / 1'000'000) + "s";
}

std::string RateText(double per_second) {
  if (per_second < 10) return absl::StrFormat("%.3g", per_second);
  if (per_second < 10'000) return absl::StrFormat("%.0f", per_second);
  if (per_second < 1'000'000) return Short(per_second / 1'000) + "k";
  return Short(per_second / 1'000'000) + "M";
}

std::string CountText(uint64_t count) {
  std::string digits = absl::StrCat(count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string Right(const std::string& text, size_t columns) { return Blanks(text, columns) + text; }
std::string Left(const std::string& text, size_t columns) { return text + Blanks(text, columns); }

}  // namespace cli
