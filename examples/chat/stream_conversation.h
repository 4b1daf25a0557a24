// A conversation over a connection: one call, and what happens comes by itself.
#pragma once

#include <deque>
#include <string>

#include "absl/time/time.h"
#include "examples/chat/conversation.h"

namespace chat {

class StreamConversation final : public Conversation {
 public:
  StreamConversation(const Chat::Client& chat, Visitor visitor, uint32_t history, Ear* ear)
      : Conversation(chat, std::move(visitor), history, ear) {}

  rpc::Task<> Run() override;

 private:
  using Call = rpc::StreamCall<Heard, chat::Say>;

  rpc::Task<> JoinOnce();
  rpc::Task<> HearAll(Call& call);
  rpc::Task<> SayAll(Call& call);
  // False when the call is over. A patient one waits for the answer, and for being taken.
  rpc::Task<bool> SayOne(Call& call, const Outgoing& outgoing);
  rpc::Task<bool> Answered();
  void Take(const Heard& heard);
  void TakeRefused(const Refused& refused);
  void Confirm(const Event& event);
  void Answer(absl::Duration wait);
  void TellUnconfirmed();

  rpc::Bell welcomed_;
  std::deque<std::string> unconfirmed_;  // texts that were sent, and not heard yet

  // To what a patient one has said last.
  bool is_answered_ = false;
  absl::Duration wait_;  // before saying it again; zero: it was taken, or refused for good
  rpc::Bell answered_;
};

}  // namespace chat
