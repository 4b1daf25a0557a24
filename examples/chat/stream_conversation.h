// A conversation over a connection: one call, and what happens comes by itself.
#pragma once

#include <deque>
#include <string>

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
  void Take(const Heard& heard);
  void Confirm(const Event& event);
  void TellUnconfirmed();

  rpc::Bell welcomed_;
  std::deque<std::string> unconfirmed_;  // texts that were sent, and not heard yet
};

}  // namespace chat
