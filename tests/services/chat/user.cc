#include "tests/services/chat/user.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/chat/chat_service.h"

namespace chat {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(100);

Visitor MakeVisitor(const std::string& name, uint64_t key, const std::string& room) {
  Visitor visitor;
  visitor.set_name(name);
  visitor.set_key(key);
  visitor.set_room(room);
  return visitor;
}

}  // namespace

std::string WordsOf(const Event& event) {
  switch (event.kind()) {
    case Event::JOINED:
      return "+" + event.name();
    case Event::LEFT:
      return "-" + event.name();
    case Event::RENAMED:
      return event.name() + "=" + event.text();
    default:
      return event.name() + ": " + event.text();
  }
}

std::string WordsOf(const Heard& heard) {
  if (heard.has_missed()) return absl::StrCat("missed ", heard.missed().count());
  if (heard.has_refused()) {
    return absl::StrCat("refused ", heard.refused().count(), ": ", heard.refused().reason());
  }
  return heard.has_event() ? WordsOf(heard.event()) : "welcome";
}

ChatServer::ChatServer(const Limits& limits, int threads) : limits_(limits), threads_(threads) {
  Serve();
}

void ChatServer::Serve() {
  server_ = std::make_unique<rpc::Server>(rpc::ServerOptions{.threads = threads_});
  server_->Add(std::make_shared<ChatService>(limits_));
  for (const std::string& address : addresses_) {
    const absl::Status listens = server_->Listen(address);
    ASSERT_TRUE(listens.ok()) << listens;
  }
  addresses_ = server_->addresses();
  const absl::Status started = server_->Start();
  ASSERT_TRUE(started.ok()) << started;
}

void ChatServer::Restart() {
  Stop();
  Serve();
}

User::User(std::string_view address, const std::string& name, uint32_t history, uint64_t key,
           const std::string& room)
    : channel_(address), call_(Chat::Client(channel_).Join({.timeout = kPatience})) {
  chat::Say say;
  *say.mutable_hello()->mutable_visitor() = MakeVisitor(name, key, room);
  say.mutable_hello()->set_history(history);
  if (!Write(say)) return;
  const Heard* const first = call_.Read().Wait();
  if (first != nullptr) welcome_ = first->welcome();
}

bool User::Write(const chat::Say& say) { return call_.Write(say).Wait(); }

void User::Say(const std::string& text) {
  chat::Say say;
  say.set_text(text);
  (void)Write(say);
}

void User::Rename(const std::string& name) {
  chat::Say say;
  say.set_rename(name);
  (void)Write(say);
}

std::string User::Hear() {
  const Heard* const heard = call_.Read().Wait();
  return heard == nullptr ? "end: " + call_.status().ToString() : WordsOf(*heard);
}

bool User::HearUntil(const std::string& words) {
  for (;;) {
    const std::string heard = Hear();
    if (heard == words) return true;
    if (heard.starts_with("end: ")) return false;
  }
}

rpc::Task<std::vector<std::string>> User::HearTexts(size_t count) {
  std::vector<std::string> texts;
  while (texts.size() < count) {
    const Heard* const heard = co_await call_.Read();
    if (heard == nullptr) break;
    const bool is_notice = heard->has_event() && heard->event().kind() != Event::TEXT;
    if (!is_notice) texts.push_back(WordsOf(*heard));
  }
  co_return texts;
}

Poller::Poller(std::string_view address, const std::string& name, uint64_t key,
               const std::string& room)
    : channel_(address), chat_(channel_) {
  *poll_.mutable_visitor() = MakeVisitor(name, key, room);
}

absl::Status Poller::Post(const std::string& text) {
  PostRequest request;
  *request.mutable_visitor() = poll_.visitor();
  request.set_text(text);
  return chat_.Post(request).Wait().status();
}

std::vector<std::string> Poller::Poll() {
  std::vector<std::string> words;
  bool more = true;
  while (more) {
    absl::StatusOr<PollReply> reply = chat_.Poll(poll_).Wait();
    if (!reply.ok()) return {reply.status().ToString()};
    if (reply->missed() > 0) words.push_back(absl::StrCat("missed ", reply->missed()));
    for (const Event& event : reply->events()) words.push_back(WordsOf(event));
    *poll_.mutable_after() = reply->position();
    more = reply->more();
  }
  return words;
}

absl::Status Poller::Leave() {
  LeaveRequest request;
  *request.mutable_visitor() = poll_.visitor();
  return chat_.Leave(request).Wait().status();
}

}  // namespace chat
