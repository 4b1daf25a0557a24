#include "services/files/attempts.h"

#include <algorithm>
#include <utility>

namespace files {
namespace {

// Of a file that changes each time that it is copied.
constexpr int kChangesMax = 3;

}  // namespace

bool IsBreak(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsDataLoss(status);
}

Attempts::Attempts(const RetryOptions& options, bool* reached, Transfer* transfer)
    : options_(options), reached_(reached), transfer_(transfer) {
  *transfer_ = {};
}

void Attempts::Begin(uint64_t size) {
  ++transfer_->attempts;
  transfer_->size = size;
  transfer_->offset = 0;
  transfer_->done = 0;
}

void Attempts::GoOnAt(uint64_t offset) {
  *reached_ = true;
  transfer_->offset = offset;
  transfer_->done = offset;
  transfer_->checking = offset > 0;
  if (offset <= furthest_) return;
  furthest_ = offset;
  fruitless_ = 0;
}

void Attempts::Move(uint64_t bytes) {
  transfer_->done += bytes;
  transfer_->moved += bytes;
}

std::optional<absl::Duration> Attempts::After(const absl::Status& status) {
  transfer_->checking = false;
  transfer_->interruption = status;
  ++transfer_->interruptions;
  anew_ = false;
  if (absl::IsAborted(status)) return AfterChange();
  const bool all_came = transfer_->size > 0 && transfer_->done == transfer_->size;
  if (absl::IsDataLoss(status) && all_came) return AfterMismatch();
  if (IsBreak(status)) return AfterBreak();
  return std::nullopt;
}

// A server that was never there is not waited for.
std::optional<absl::Duration> Attempts::AfterBreak() {
  if (!*reached_ || ++fruitless_ >= options_.attempts_max) return std::nullopt;
  absl::Duration pause = options_.pause_min;
  for (int i = 1; i < fruitless_ && pause < options_.pause_max; ++i) pause *= 2;
  return std::min(pause, options_.pause_max);
}

std::optional<absl::Duration> Attempts::AfterChange() {
  if (++changes_ >= kChangesMax) return std::nullopt;
  StartOver();
  return options_.pause_min;
}

// All bytes have come, and they are the wrong ones. Once that may be what an old attempt has left.
std::optional<absl::Duration> Attempts::AfterMismatch() {
  if (std::exchange(mismatched_, true)) return std::nullopt;
  anew_ = true;
  StartOver();
  return absl::ZeroDuration();
}

void Attempts::StartOver() {
  furthest_ = 0;
  fruitless_ = 0;
}

}  // namespace files
