#include "examples/chat/stream_conversation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace chat {
namespace {

constexpr absl::Duration kPause = absl::Seconds(1);

chat::Say MessageOf(const Outgoing& outgoing) {
  chat::Say say;
  if (outgoing.kind == Outgoing::Kind::kRename) {
    say.set_rename(outgoing.text);
  } else {
    say.set_text(outgoing.text);
  }
  return say;
}

}  // namespace

rpc::Task<> StreamConversation::Run() {
  for (;;) {
    const absl::Status over = co_await JoinOnce();
    if (over.ok() || !is_welcome_ || !IsWorthAnotherTry(over)) co_return over;
    TellUnconfirmed();
    Settle();
    if (is_leaving_) co_return over;
    TellLost(over);
    absl::Status slept = co_await rpc::Sleep(kPause);
    if (!slept.ok()) co_return slept;
  }
}

rpc::Task<> StreamConversation::JoinOnce() {
  Call call = chat_.Join();
  co_await rpc::WhenAny(HearAll(call), SayAll(call));
  co_return call.status();
}

rpc::Task<> StreamConversation::HearAll(Call& call) {
  while (const Heard* const heard = co_await call.Read()) Take(*heard);
  co_return absl::OkStatus();
}

rpc::Task<> StreamConversation::SayAll(Call& call) {
  chat::Say say;
  *say.mutable_hello()->mutable_visitor() = visitor_;
  say.mutable_hello()->set_history(history_);
  if (is_welcome_) *say.mutable_hello()->mutable_after() = position_;
  bool is_taken = co_await call.Write(say);
  // Texts wait until the room has let it in.
  if (is_taken) is_taken = (co_await welcomed_.Wait()).ok();
  while (is_taken) {
    const std::optional<Outgoing> next = co_await outgoing_.Pop();
    if (!next.has_value() || next->kind == Outgoing::Kind::kLeave) break;
    SetBusy();
    is_taken = co_await SayOne(call, *next);
    if (is_taken) Settle();
  }
  call.Close();
  co_return co_await Stay();
}

rpc::Task<bool> StreamConversation::SayOne(Call& call, const Outgoing& outgoing) {
  const chat::Say say = MessageOf(outgoing);
  const bool is_name_again = outgoing.kind == Outgoing::Kind::kRename && outgoing.text == name();
  if (is_patient_ && is_name_again) co_return true;  // nothing would answer
  do {
    is_answered_ = false;
    bool is_said = true;
    if (wait_ > absl::ZeroDuration()) is_said = (co_await rpc::Sleep(wait_)).ok();
    if (is_said) is_said = co_await call.Write(say);
    if (!is_said) outgoing_.PutBack(outgoing);
    if (!is_said) co_return false;
    if (outgoing.kind == Outgoing::Kind::kText) unconfirmed_.push_back(outgoing.text);
    if (!is_patient_) co_return true;
    const bool is_answered = co_await Answered();
    if (!is_answered) co_return false;
  } while (wait_ > absl::ZeroDuration());
  co_return true;
}

rpc::Task<bool> StreamConversation::Answered() {
  while (!is_answered_) {
    const absl::Status rung = co_await answered_.Wait();
    if (!rung.ok()) co_return false;
  }
  co_return true;
}

void StreamConversation::Take(const Heard& heard) {
  switch (heard.what_case()) {
    case Heard::kWelcome:
      TakeWelcome(heard.welcome());
      welcomed_.Ring();
      break;
    case Heard::kEvent:
      Confirm(heard.event());
      TakeEvent(heard.event());
      break;
    case Heard::kMissed:
      ear_->OnMissed(heard.missed().count());
      Answer(absl::ZeroDuration());  // it was among these
      break;
    case Heard::kRefused:
      TakeRefused(heard.refused());
      break;
    default:
      break;
  }
}

void StreamConversation::TakeRefused(const Refused& refused) {
  unconfirmed_.clear();
  const bool is_to_be_said_again = is_patient_ && refused.wait_ms() > 0;
  if (!is_to_be_said_again) ear_->OnRefused(refused);
  Answer(absl::Milliseconds(is_to_be_said_again ? refused.wait_ms() : 0));
}

void StreamConversation::Answer(absl::Duration wait) {
  wait_ = wait;
  is_answered_ = true;
  answered_.Ring();
}

// The server may have made the text harmless; then it is the first all the same.
void StreamConversation::Confirm(const Event& event) {
  const bool is_history = event.sequence() <= position_.sequence();
  if (is_history || event.name() != name()) return;
  if (event.kind() == Event::TEXT || event.kind() == Event::RENAMED) Answer(absl::ZeroDuration());
  if (event.kind() != Event::TEXT || unconfirmed_.empty()) return;
  const auto said = std::ranges::find(unconfirmed_, event.text());
  unconfirmed_.erase(said == unconfirmed_.end() ? unconfirmed_.begin() : said);
}

void StreamConversation::TellUnconfirmed() {
  for (const std::string& text : unconfirmed_) {
    ear_->OnNotice(absl::StrCat("perhaps nobody has heard this: ", text));
  }
  unconfirmed_.clear();
}

}  // namespace chat
