#include "services/chat/purse.h"

#include <algorithm>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace chat {

namespace {

constexpr absl::string_view kWaitPayload = "chat/wait_ms";

}  // namespace

void Purse::Fill(double texts_max, double texts_per_s, absl::Time now) {
  // A clock that was set back gives nothing, and takes nothing.
  const double passed_s = std::max(0.0, absl::ToDoubleSeconds(now - counted_at_));
  texts_ = std::min(texts_max, texts_ + passed_s * texts_per_s);
  counted_at_ = now;
}

bool Purse::IsFull(double texts_max, double texts_per_s, absl::Time now) const {
  Purse filled = *this;
  filled.Fill(texts_max, texts_per_s, now);
  return filled.texts_ >= texts_max;
}

absl::Duration Purse::Pay(double texts_max, double texts_per_s, absl::Time now) {
  Fill(texts_max, texts_per_s, now);
  if (texts_ < 1) return absl::Seconds((1 - texts_) / texts_per_s);
  texts_ -= 1;
  return absl::ZeroDuration();
}

absl::Status WithWait(absl::Status status, absl::Duration wait) {
  const int64_t wait_ms = absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)));
  status.SetPayload(kWaitPayload, absl::Cord(absl::StrCat(wait_ms)));
  return status;
}

uint32_t WaitMsOf(const absl::Status& status) {
  uint32_t wait_ms = 0;
  const absl::optional<absl::Cord> payload = status.GetPayload(kWaitPayload);
  const bool is_told = payload.has_value() && absl::SimpleAtoi(std::string(*payload), &wait_ms);
  return is_told ? wait_ms : 0;
}

}  // namespace chat
