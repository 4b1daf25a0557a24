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
    say = MessageOf(*next);
    is_taken = co_await call.Write(say);
    if (!is_taken) outgoing_.PutBack(*next);
    if (is_taken && next->kind == Outgoing::Kind::kText) unconfirmed_.push_back(next->text);
  }
  call.Close();
  co_return co_await Stay();
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
      break;
    case Heard::kRefused:
      unconfirmed_.clear();
      ear_->OnRefused(heard.refused());
      break;
    default:
      break;
  }
}

// The server may have made the text harmless; then it is the first all the same.
void StreamConversation::Confirm(const Event& event) {
  if (event.kind() != Event::TEXT || event.name() != name() || unconfirmed_.empty()) return;
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
