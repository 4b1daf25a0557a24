// A conversation over datagrams: it posts what is said, and asks again and again what is new.
#pragma once

#include "absl/time/time.h"
#include "examples/chat/conversation.h"

namespace chat {

class DatagramConversation final : public Conversation {
 public:
  // Asks every `interval`.
  DatagramConversation(const Chat::Client& chat, Visitor visitor, Ear* ear, absl::Duration interval)
      : Conversation(chat, std::move(visitor), 0, ear), interval_(interval) {}

  rpc::Task<> Run() override;

 private:
  rpc::Task<> Poll();
  rpc::Task<> PollOnce(bool* more);
  rpc::Task<> Begin(const PollReply& first);
  rpc::Task<> Send(const Outgoing& outgoing);
  rpc::Task<> SendOnce(const Outgoing& outgoing);
  rpc::Task<> Post(const std::string& text);
  rpc::Task<> Become(const std::string& name);
  rpc::Task<> SendLeave();
  void TakeRefusal(const absl::Status& why);

  const absl::Duration interval_;
  absl::Duration told_wait_;  // with the error of the last call
  absl::Duration wait_;       // of a patient one, before saying it again; zero: it is settled
};

}  // namespace chat
