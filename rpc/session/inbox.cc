#include "rpc/session/inbox.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/session/fault.h"

namespace rpc::session {
namespace {

// The window doubles when this many windows have been granted in a row to a reader that had no
// message waiting.
constexpr uint64_t kWindowsBeforeGrowth = 4;

// Gives *text the value `next`, and the memory it had before back. (Assigning a short string would
// keep that memory.)
void Replace(std::string* text, std::string next) { text->swap(next); }

void Drop(std::string* text) {
  if (text->capacity() > std::string().capacity()) Replace(text, "");
  text->clear();
}

}  // namespace

void Inbox::Open(uint64_t credit, bool exempt) {
  Clear();
  exempt_ = exempt;
  credit_ = window_ = credit;
  granted_while_empty_ = 0;
}

void Inbox::DropWaiting() {
  assembling_ = false;
  waiting_size_ = 0;
  Drop(&assembly_);
  messages_.clear();
}

void Inbox::Clear() {
  DropWaiting();
  Drop(&taken_);
}

void Inbox::Charge(uint64_t size) {
  if (!exempt_) credit_ -= CreditCost(size);
}

absl::Status Inbox::CheckSize(uint64_t size, uint64_t message_size_max) const {
  const uint64_t total = assembly_.size() + size;
  if (total <= message_size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("message of ", assembling_ ? "at least " : "",
                                                   total, " bytes, but at most ", message_size_max,
                                                   " are taken"));
}

absl::Status Inbox::Add(const wire::Header& header, std::string_view body, const Limits& limits,
                        wire::Expander* expander, std::string_view* message) {
  *message = {};
  if (header.Has(wire::kFlagMore)) {
    assembling_ = true;
    assembly_ += body;
    return absl::OkStatus();
  }
  if (assembling_) {
    assembly_.insert(Broken(Fault::kPartsOutOfOrder) ? 0 : assembly_.size(), body);
    assembling_ = false;
    Replace(&taken_, std::exchange(assembly_, std::string()));
    body = taken_;
  }
  if (header.encoding == wire::Encoding::kZstd && !body.empty()) {
    std::string expanded;
    absl::Status s = expander->Expand(body, limits.message_size_max, &expanded);
    if (!s.ok()) return s;
    Replace(&taken_, std::move(expanded));
    body = taken_;
  }
  *message = body.data() == nullptr ? std::string_view("") : body;
  return absl::OkStatus();
}

void Inbox::Keep(std::string_view message) {
  waiting_size_ += CreditCost(message.size());
  if (message.data() == taken_.data() && message.size() == taken_.size()) {
    messages_.push(std::move(taken_));
    taken_ = std::string();
  } else {
    messages_.push(std::string(message));
  }
}

std::string_view Inbox::Take() {
  assert(!messages_.empty());
  Replace(&taken_, messages_.pop());
  waiting_size_ -= CreditCost(taken_.size());
  return taken_;
}

uint64_t Inbox::Grant(bool may_grow, uint64_t window_max) {
  if (exempt_) return 0;
  const uint64_t target = window_ > waiting_size_ ? window_ - waiting_size_ : 0;
  if (target < credit_ + window_ / 2) return 0;
  granted_while_empty_ = waiting_size_ == 0 ? granted_while_empty_ + target - credit_ : 0;
  uint64_t wanted = target;
  if (may_grow && granted_while_empty_ >= kWindowsBeforeGrowth * window_ && window_ < window_max) {
    wanted += std::min(window_, window_max - window_);
    window_ = std::min(2 * window_, window_max);
    granted_while_empty_ = 0;
  }
  const uint64_t grant = wanted - credit_;
  credit_ = wanted;
  return grant;
}

}  // namespace rpc::session
