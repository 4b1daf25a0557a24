#include "rpc/runtime/limiter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rpc/runtime/server_call.h"

namespace rpc::runtime {

Limiter::Entry Limiter::Enter(ServerCall* call) {
  std::lock_guard lock(mutex_);
  if (handled_ < handled_max_) {
    ++handled_;
    return Entry::kEntered;
  }
  if (waiting_.size() >= waiting_max_) return Entry::kFull;
  waiting_.push_back(call);
  return Entry::kWaits;
}

void Limiter::Leave() {
  std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    --handled_;
    return;
  }
  // The place passes on to the one that has waited longest.
  ServerCall* next = waiting_.front();
  waiting_.pop_front();
  next->loop()->Post([next] { next->OnAdmitted(); });
}

bool Limiter::Withdraw(ServerCall* call) {
  std::lock_guard lock(mutex_);
  const auto found = std::find(waiting_.begin(), waiting_.end(), call);
  if (found == waiting_.end()) return false;
  waiting_.erase(found);
  return true;
}

absl::Status Limiter::Refusal() const {
  return absl::ResourceExhaustedError(absl::StrCat(name_, " handles ", handled_max_,
                                                   " calls at once and lets ", waiting_max_,
                                                   " wait, and both are full"));
}

}  // namespace rpc::runtime
