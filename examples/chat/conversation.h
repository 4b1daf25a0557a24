// Being in a room, whatever the way there: stream_conversation.h over a connection,
// datagram_conversation.h by posting and polling.
//
//     std::unique_ptr<Conversation> conversation = ...;
//     conversation->Say("good morning");
//     absl::Status over = co_await conversation->Run();    // while it lasts
//
// When the server is lost, Run goes on trying, and goes on where it was: nothing is told twice.
//
// Threads: one loop. Lifetime: the ear outlives the conversation, and that its Run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "examples/chat/queue.h"
#include "rpc/rpc.h"
#include "services/chat/chat.rpc.h"

namespace chat {

// Who is told what happens.
class Ear {
 public:
  virtual void OnWelcome(const Welcome& welcome) = 0;
  virtual void OnEvent(const Event& event) = 0;
  virtual void OnMissed(uint64_t count) = 0;
  virtual void OnRefused(const Refused& refused) = 0;
  // One more of what was to be said has been settled; of a patient conversation.
  virtual void OnSettled() = 0;
  virtual void OnLost(const absl::Status& why) = 0;
  // Of the way to the server: it is there again, say.
  virtual void OnNotice(const std::string& notice) = 0;

 protected:
  ~Ear() = default;
};

struct Outgoing {
  enum class Kind : uint8_t { kText, kRename, kLeave };

  Kind kind = Kind::kText;
  std::string text = {};
};

class Conversation {
 public:
  virtual ~Conversation() = default;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Until it has left: OK. An error that trying again does not mend: the name is somebody else's,
  // say; or any, before it has been welcomed.
  virtual rpc::Task<> Run() = 0;

  // In this order, as soon as it can be.
  void Say(std::string text) { outgoing_.Push({Outgoing::Kind::kText, std::move(text)}); }
  void Rename(const std::string& name) {
    asked_name_ = name;
    outgoing_.Push({Outgoing::Kind::kRename, name});
  }
  void Leave() {
    is_leaving_ = true;
    outgoing_.Push({Outgoing::Kind::kLeave, ""});
  }

  // What is said too fast is said again when it may be, before what comes after it. Before Run.
  void BePatient() { is_patient_ = true; }
  // Everything that was to be said was taken or refused, or nobody knows; of a patient one.
  bool is_settled() const { return is_welcome_ && !is_busy_ && outgoing_.empty(); }

  const std::string& room() const { return visitor_.room(); }
  const std::string& name() const { return visitor_.name(); }
  bool is_welcome() const { return is_welcome_; }
  bool is_lost() const { return is_lost_; }

 protected:
  Conversation(const Chat::Client& chat, Visitor visitor, uint32_t history, Ear* ear);

  // For what the server tells: keeps the place, and passes it on.
  void TakeWelcome(const Welcome& welcome);
  void TakeEvent(const Event& event);

  // Tells it once, until Regain.
  void TellLost(const absl::Status& status);
  // What was popped is underway; it has been settled.
  void SetBusy() { is_busy_ = true; }
  void Settle();
  void Regain();

  const Chat::Client chat_;
  Visitor visitor_;
  const uint32_t history_;
  Ear* const ear_;
  Queue<Outgoing> outgoing_;
  Position position_;  // of the last that was told; of no room at first
  bool is_welcome_ = false;
  bool is_leaving_ = false;
  bool is_patient_ = false;

 private:
  std::string asked_name_;  // a new name that becomes this user's, when it is heard of
  bool is_lost_ = false;
  bool is_busy_ = false;
};

// Whether it may be otherwise the next time.
bool IsWorthAnotherTry(const absl::Status& status);

// Until it is cancelled.
rpc::Task<> Stay();

}  // namespace chat
