#include "services/terminal/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/terminal/text.h"

namespace terminal {
namespace {

// Rates are looked at so often at most, and forget what is older than this.
constexpr absl::Duration kSampleMin = absl::Milliseconds(200);
constexpr absl::Duration kMemory = absl::Seconds(3);
constexpr size_t kBarColumnsMin = 10;
constexpr size_t kBarColumnsMax = 40;
// Of the percentage, a rate, a time that is left, and the blanks between all.
constexpr size_t kOthersColumns = 4 + 12 + 9 + 10;
constexpr size_t kNameColumnsMin = 12;

constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

size_t UnitOf(double bytes) {
  size_t unit = 0;
  // What would be shown as 1024.0 is 1.0 of the next.
  for (; bytes >= 1023.95 && unit + 1 < std::size(kUnits); bytes /= 1024) ++unit;
  return unit;
}

// In so many 1024s, without the unit.
std::string InUnit(double bytes, size_t unit) {
  if (unit == 0) return absl::StrFormat("%.0f", bytes);
  return absl::StrFormat("%.1f", std::ldexp(bytes, -10 * static_cast<int>(unit)));
}

std::string RateText(double rate) { return SizeText(static_cast<uint64_t>(rate)) + "/s"; }

}  // namespace

std::string SizeText(uint64_t bytes) {
  const size_t unit = UnitOf(static_cast<double>(bytes));
  return absl::StrCat(InUnit(static_cast<double>(bytes), unit), " ", kUnits[unit]);
}

std::string TimeText(absl::Duration duration) {
  constexpr int64_t kDay = 24 * 3600;
  const int64_t seconds = std::max<int64_t>(absl::ToInt64Seconds(duration), 0);
  if (seconds >= 2 * kDay) return absl::StrCat(seconds / kDay, " days");
  if (seconds >= 3600) {
    return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
  return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
}

ProgressBar::ProgressBar(std::string name, std::optional<uint64_t> total, uint64_t done_before)
    : name_(Harmless(name)),
      total_(total),
      done_before_(done_before),
      done_(done_before),
      sampled_done_(done_before) {}

void ProgressBar::Update(uint64_t done, absl::Duration elapsed) {
  done_ = std::max(done, done_);
  elapsed_ = std::max(elapsed, elapsed_);
  const absl::Duration passed = elapsed_ - sampled_elapsed_;
  if (passed < kSampleMin) return;
  const double now = static_cast<double>(done_ - sampled_done_) / absl::ToDoubleSeconds(passed);
  const bool is_first = sampled_elapsed_ == absl::ZeroDuration();
  const double weight = is_first ? 1 : 1 - std::exp(-absl::FDivDuration(passed, kMemory));
  rate_ += weight * (now - rate_);
  sampled_done_ = done_;
  sampled_elapsed_ = elapsed_;
}

bool ProgressBar::IsDone() const { return total_.has_value() && done_ >= *total_; }

std::string ProgressBar::Text(size_t columns) const {
  if (columns < 2) return "";
  const size_t room = columns - 1;
  const size_t name_columns = std::min(TextWidth(name_), std::max(kNameColumnsMin, room / 3));
  // The most important first; each stands where it stands when all are there.
  std::vector<std::string> parts = {"", Percent(), Sizes(), Rate(), Time()};
  size_t used = name_columns;
  for (const size_t part : {1, 3, 4, 2}) {
    const size_t width = parts[part].empty() ? 0 : parts[part].size() + 2;
    if (used + width > room) parts[part].clear();
    if (!parts[part].empty()) used += width;
  }
  if (total_.has_value()) parts[0] = Bar(room, name_columns, room - std::min(used, room));
  std::string text(FirstColumns(name_, std::min(name_columns, room)));
  for (const std::string& part : parts) {
    if (!part.empty()) absl::StrAppend(&text, "  ", part);
  }
  return text;
}

// As wide as it may be whatever the others say, so that it does not jump.
std::string ProgressBar::Bar(size_t room, size_t name_columns, size_t left) const {
  const size_t others = name_columns + kOthersColumns + 2 * SizeText(*total_).size();
  const size_t wanted = std::clamp(room - std::min(others, room), kBarColumnsMin, kBarColumnsMax);
  if (left < wanted + 2) return "";
  const size_t size = wanted - 2;
  const auto filled = static_cast<size_t>(Share() * static_cast<double>(size));
  std::string bar(filled, '=');
  if (filled < size) bar += '>';
  bar.resize(size, ' ');
  return absl::StrCat("[", bar, "]");
}

double ProgressBar::Share() const {
  if (IsDone()) return 1;
  return static_cast<double>(done_) / static_cast<double>(*total_);
}

std::string ProgressBar::Percent() const {
  if (!total_.has_value()) return "";
  return absl::StrFormat("%3d%%", static_cast<int>(Share() * 100));
}

std::string ProgressBar::Sizes() const {
  if (!total_.has_value() || IsDone()) return SizeText(done_);
  const size_t unit = UnitOf(static_cast<double>(*total_));
  return absl::StrCat(InUnit(static_cast<double>(done_), unit), "/", SizeText(*total_));
}

std::string ProgressBar::Rate() const {
  const double rate = IsDone() ? MeanRate() : rate_;
  return rate > 0 ? RateText(rate) : "";
}

std::string ProgressBar::Time() const {
  if (IsDone()) return absl::StrCat("in ", TimeText(elapsed_));
  if (!total_.has_value() || rate_ <= 0) return "";
  const double seconds = static_cast<double>(*total_ - done_) / rate_;
  constexpr double kUnknown = 100.0 * 24 * 3600;
  return seconds < kUnknown ? TimeText(absl::Seconds(std::ceil(seconds))) + " left" : "";
}

double ProgressBar::MeanRate() const {
  const double seconds = absl::ToDoubleSeconds(elapsed_);
  return seconds > 0 ? static_cast<double>(done_ - done_before_) / seconds : 0;
}

std::string ProgressBar::Begin() const {
  std::string line = name_;
  if (total_.has_value()) absl::StrAppend(&line, ": ", SizeText(*total_));
  if (done_before_ > 0)
    absl::StrAppend(&line, ", ", SizeText(done_before_), " of it there already");
  return line + "\n";
}

std::string ProgressBar::End() const {
  std::string line = absl::StrCat(name_, ": ", SizeText(done_));
  if (total_.has_value() && !IsDone()) absl::StrAppend(&line, " of ", SizeText(*total_));
  absl::StrAppend(&line, " in ", TimeText(elapsed_));
  if (MeanRate() > 0) absl::StrAppend(&line, ", ", RateText(MeanRate()));
  return line + "\n";
}

}  // namespace terminal
