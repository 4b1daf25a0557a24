#include "examples/chat/datagram_conversation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace chat {
namespace {

constexpr rpc::CallOptions kOptions = {.timeout = absl::Seconds(3)};

// After which the same would be taken; zero: never.
absl::Duration WaitIn(const rpc::Metadata& trailing) {
  const std::string told(trailing.Get("wait-ms").value_or(""));
  uint32_t wait_ms = 0;
  return absl::SimpleAtoi(told, &wait_ms) ? absl::Milliseconds(wait_ms) : absl::ZeroDuration();
}

}  // namespace

rpc::Task<> DatagramConversation::Run() {
  for (;;) {
    const absl::Status polled = co_await Poll();
    if (!polled.ok()) {
      if (!is_welcome_ || !IsWorthAnotherTry(polled)) co_return polled;
      if (is_leaving_) co_return absl::OkStatus();
      TellLost(polled);
    }
    co_await rpc::WhenAny(outgoing_.Wait(), rpc::Sleep(interval_));
    while (!outgoing_.empty()) {
      const std::optional<Outgoing> next = co_await outgoing_.Pop();
      if (!next.has_value()) co_return absl::CancelledError("cancelled while it talked");
      SetBusy();
      const absl::Status sent = co_await Send(*next);
      Settle();
      if (!sent.ok() || next->kind == Outgoing::Kind::kLeave) co_return sent;
    }
  }
}

rpc::Task<> DatagramConversation::Poll() {
  absl::Status polled;
  bool more = true;
  while (polled.ok() && more) polled = co_await PollOnce(&more);
  co_return polled;
}

rpc::Task<> DatagramConversation::PollOnce(bool* more) {
  PollRequest request;
  *request.mutable_visitor() = visitor_;
  if (is_welcome_) *request.mutable_after() = position_;
  rpc::Call<PollReply> call = chat_.Poll(request, kOptions);
  const absl::StatusOr<PollReply> reply = co_await std::move(call);
  told_wait_ = WaitIn(call.trailing());
  if (!reply.ok()) co_return reply.status();
  Regain();
  if (!is_welcome_ || reply->position().epoch() != position_.epoch()) {
    absl::Status begun = co_await Begin(*reply);
    if (!begun.ok()) co_return begun;
  }
  if (reply->missed() > 0) ear_->OnMissed(reply->missed());
  for (const Event& event : reply->events()) TakeEvent(event);
  position_ = reply->position();
  *more = reply->more();
  co_return absl::OkStatus();
}

// What a welcome would have told.
rpc::Task<> DatagramConversation::Begin(const PollReply& first) {
  WhoRequest request;
  request.set_room(room());
  absl::StatusOr<WhoReply> who = co_await chat_.Who(request, kOptions);
  if (!who.ok()) co_return who.status();
  Welcome welcome;
  *welcome.mutable_position() = first.position();
  welcome.set_name(name());
  for (const MemberEntry& member : who->members()) {
    if (member.name() != name()) *welcome.add_members() = member;
  }
  TakeWelcome(welcome);
  co_return absl::OkStatus();
}

rpc::Task<> DatagramConversation::Send(const Outgoing& outgoing) {
  for (;;) {
    wait_ = absl::ZeroDuration();
    const absl::Status sent = co_await SendOnce(outgoing);
    if (!sent.ok() || wait_ == absl::ZeroDuration()) co_return sent;
    const absl::Status slept = co_await rpc::Sleep(wait_);
    if (!slept.ok()) co_return slept;
    co_await Poll();  // others talk meanwhile
  }
}

rpc::Task<> DatagramConversation::SendOnce(const Outgoing& outgoing) {
  switch (outgoing.kind) {
    case Outgoing::Kind::kText:
      return Post(outgoing.text);
    case Outgoing::Kind::kRename:
      return Become(outgoing.text);
    default:
      return SendLeave();
  }
}

rpc::Task<> DatagramConversation::Post(const std::string& text) {
  PostRequest request;
  *request.mutable_visitor() = visitor_;
  request.set_text(text);
  rpc::Call<PostReply> call = chat_.Post(request, kOptions);
  const absl::StatusOr<PostReply> reply = co_await std::move(call);
  told_wait_ = WaitIn(call.trailing());
  if (reply.ok()) co_return absl::OkStatus();
  if (IsWorthAnotherTry(reply.status())) {
    TellLost(reply.status());
    ear_->OnNotice(absl::StrCat("perhaps nobody has heard this: ", text));
    co_return absl::OkStatus();
  }
  TakeRefusal(reply.status());
  co_return absl::OkStatus();
}

// The server knows the user by the key, whatever the name.
rpc::Task<> DatagramConversation::Become(const std::string& name) {
  const std::string before = visitor_.name();
  visitor_.set_name(name);
  bool more = true;
  const absl::Status polled = co_await PollOnce(&more);
  if (polled.ok()) co_return polled;
  visitor_.set_name(before);
  TakeRefusal(polled);
  co_return absl::OkStatus();
}

void DatagramConversation::TakeRefusal(const absl::Status& why) {
  if (is_patient_) wait_ = told_wait_;
  if (wait_ > absl::ZeroDuration()) return;
  Refused refused;
  refused.set_count(1);
  refused.set_reason(std::string(why.message()));
  ear_->OnRefused(refused);
}

rpc::Task<> DatagramConversation::SendLeave() {
  co_await Poll();  // what was said last
  LeaveRequest request;
  *request.mutable_visitor() = visitor_;
  // Lost, it is as if it had not been sent: the server finds out in a while.
  co_await chat_.Leave(request, kOptions);
  co_return absl::OkStatus();
}

}  // namespace chat
