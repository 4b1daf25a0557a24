#include "rpc/session/inbox.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/session/fault.h"
#include "rpc/wire/large_string.h"

namespace rpc::session {
namespace {

// The window doubles when this many windows have been granted in a row to a reader that had no
// message waiting then, and at no time several of more than half a window.
constexpr uint64_t kWindowsBeforeGrowth = 4;

// Memory for a message, in times of its size: what is looked for while its parts are put together.
// What is beyond that is counted, and left when the message is whole.
constexpr size_t kRoomUsual = 4;

uint64_t SizeHeldFor(const std::string& text) {
  const size_t capacity = text.capacity() - std::string().capacity();
  return std::max(text.size(), capacity / kRoomUsual);
}

// Leaves the memory to others. (Assigning a short string would keep it.)
void Drop(std::string* text) {
  if (text->capacity() > std::string().capacity()) wire::GiveLarge(text);
  text->clear();
}

void Replace(std::string* text, std::string next) {
  Drop(text);
  text->swap(next);
}

// Leaves what is beyond that to others.
void Fit(std::string* text) {
  if (SizeHeldFor(*text) > text->size()) Replace(text, std::string(*text));
}

// Where there is no room left, into memory that was used before, if there is such.
void Append(std::string* text, std::string_view part) {
  const size_t size = text->size() + part.size();
  if (size > text->capacity()) {
    std::string other = wire::TakeLarge(kRoomUsual * size);
    if (other.capacity() >= size) {
      other.assign(*text);
      text->swap(other);
    }
    Drop(&other);
  }
  *text += part;
}

// Parts compared at once. What is corrupted is found so many parts later, at most.
constexpr size_t kCheckedTogether = wire::kMd5Lanes;

}  // namespace

absl::Status CorruptedBody(uint64_t size, std::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the body of ", size, " bytes ", absl::string_view(what.data(), what.size())));
}

void Inbox::Open(uint64_t credit, bool exempt) {
  Clear();
  exempt_ = exempt;
  credit_ = window_ = window_first_ = credit;
  granted_while_empty_ = 0;
}

void Inbox::DropWaiting() {
  assembling_ = false;
  waiting_size_ = 0;
  Drop(&assembly_);
  unchecked_.clear();
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

absl::Status Inbox::Add(const wire::Frame& frame, const Limits& limits, wire::Expander* expander,
                        std::string_view* message, bool* corrupted) {
  const wire::Header& header = frame.header;
  std::string_view body = frame.body;
  *message = {};
  if (frame.check == wire::BodyCheck::kLater) {
    unchecked_.push_back({assembly_.size(), body.size(), {}});
    std::memcpy(unchecked_.back().md5.data(), header.md5.data(), wire::kMd5Bytes);
  }
  const bool more = header.Has(wire::kFlagMore);
  if (!more && assembling_) {
    Append(&assembly_, body);
    assembling_ = false;
    Replace(&taken_, std::exchange(assembly_, std::string()));
    Fit(&taken_);
    body = taken_;
  } else if (more) {
    assembling_ = true;
    Append(&assembly_, body);
  }
  if (!unchecked_.empty() && (!more || unchecked_.size() == kCheckedTogether)) {
    absl::Status s = CheckParts(more ? std::string_view(assembly_) : body);
    *corrupted = !s.ok();
    if (!s.ok()) return s;
  }
  if (more) return absl::OkStatus();
  if (Broken(Fault::kPartsOutOfOrder) && body.data() == taken_.data()) {
    std::rotate(taken_.begin(), taken_.end() - frame.body.size(), taken_.end());
  }
  if (header.encoding == wire::Encoding::kZstd && !body.empty()) {
    std::string expanded;
    absl::Status s = expander->Expand(body, limits.message_size_max, &expanded);
    if (!s.ok()) return s;
    Replace(&taken_, std::move(expanded));
    Fit(&taken_);  // what was made room for is more where the frame did not announce its size
    body = taken_;
  }
  *message = body.data() == nullptr ? std::string_view("") : body;
  return absl::OkStatus();
}

// Compares the parts that have not been yet; `message` is all that has come of theirs.
absl::Status Inbox::CheckParts(std::string_view message) {
  std::array<wire::Md5Job, kCheckedTogether> jobs;
  std::array<wire::Md5Digest, kCheckedTogether> digests;
  const size_t count = unchecked_.size();
  for (size_t i = 0; i < count; ++i) {
    jobs[i] = {message.data() + unchecked_[i].offset, unchecked_[i].size, digests[i].data()};
  }
  wire::Md5Batch({jobs.data(), count});
  absl::Status status;
  for (size_t i = 0; i < count && status.ok(); ++i) {
    if (digests[i] == unchecked_[i].md5 || Broken(Fault::kMd5NotChecked)) continue;
    status = CorruptedBody(unchecked_[i].size, "does not have the md5 of its header");
  }
  unchecked_.clear();
  return status;
}

uint64_t Inbox::memory_size() const {
  return waiting_size_ + SizeHeldFor(assembly_) + SizeHeldFor(taken_);
}

void Inbox::Keep(std::string_view message) {
  waiting_size_ += CreditCost(message.size());
  if (!messages_.empty() && waiting_size_ > window_ / 2) granted_while_empty_ = 0;
  const bool taken = message.data() == taken_.data() && message.size() == taken_.size();
  messages_.push(taken ? std::exchange(taken_, std::string()) : std::string(message));
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
