#include "examples/chat/conversation.h"

namespace chat {

Conversation::Conversation(const Chat::Client& chat, Visitor visitor, uint32_t history, Ear* ear)
    : chat_(chat), visitor_(std::move(visitor)), history_(history), ear_(ear) {}

void Conversation::TakeWelcome(const Welcome& welcome) {
  const bool is_another = is_welcome_ && welcome.position().epoch() != position_.epoch();
  Regain();
  is_welcome_ = true;
  position_ = welcome.position();
  if (is_another) ear_->OnNotice("the room has begun anew; what was said meanwhile is not known");
  ear_->OnWelcome(welcome);
}

void Conversation::TakeEvent(const Event& event) {
  // The history comes before the place that the welcome tells.
  if (event.sequence() > position_.sequence()) position_.set_sequence(event.sequence());
  const bool is_rename = event.kind() == Event::RENAMED && event.name() == name();
  // Somebody else may have had the name while this user was away.
  if (is_rename && event.text() == asked_name_) visitor_.set_name(event.text());
  ear_->OnEvent(event);
}

void Conversation::TellLost(const absl::Status& status) {
  if (is_lost_) return;
  is_lost_ = true;
  ear_->OnLost(status);
}

void Conversation::Regain() {
  if (is_lost_) ear_->OnNotice("the server is there again");
  is_lost_ = false;
}

void Conversation::Settle() {
  is_busy_ = false;
  ear_->OnSettled();
}

bool IsWorthAnotherTry(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kUnauthenticated:
      return false;
    default:
      return true;
  }
}

rpc::Task<> Stay() {
  rpc::Bell never;
  absl::Status cancelled = co_await never.Wait();
  co_return cancelled;
}

}  // namespace chat
