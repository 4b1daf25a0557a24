// The program at its terminal, or between pipes: reads what the user types, tells what happens.
//
//     ChatProgram program(options, channel);       // on the loop, in a coroutine
//     absl::Status status = co_await program.Run();
//
// Threads: one loop. Lifetime: the terminal is as before when it is gone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "examples/chat/command.h"
#include "examples/chat/conversation.h"
#include "examples/chat/look.h"
#include "examples/chat/queue.h"
#include "rpc/rpc.h"
#include "services/chat/chat.rpc.h"
#include "services/terminal/line_editor.h"
#include "services/terminal/raw_mode.h"
#include "services/terminal/screen.h"

namespace chat {

struct ChatOptions {
  std::string address = "tcp://127.0.0.1:7000";
  std::string room = "lobby";
  std::string name = {};
  std::string ca = {};
  int64_t history = 20;
  absl::Duration poll_interval = absl::Milliseconds(500);
  bool times = false;
};

class ChatProgram final : private Ear {
 public:
  ChatProgram(const ChatOptions& options, const rpc::Channel& channel);

  // Until the user leaves.
  rpc::Task<> Run();

 private:
  // `ADDRESS: cause`, whatever the error says before that.
  std::string CauseOf(const absl::Status& lost) const;
  std::unique_ptr<Conversation> MakeConversation(const std::string& room);
  // That to which what is typed now belongs.
  Conversation& current() { return next_ == nullptr ? *conversation_ : *next_; }

  rpc::Task<> Converse();
  rpc::Task<> ReadAll();
  rpc::Task<> ReadKeys();
  rpc::Task<> ReadLines();
  // Until nothing that was read is still to be said.
  rpc::Task<> Settled();
  rpc::Task<> HearSignals();
  rpc::Task<> DoErrands();
  rpc::Task<> EndInTime();

  rpc::Task<> DoErrand(const Command& command);
  rpc::Task<> TellMembers();
  rpc::Task<> TellRooms();

  void TakeLine(const terminal::Line& line);
  void TakeCommand(const Command& command);
  void TakeMistake(const std::string& sentence);
  void GoTo(const std::string& room);
  void Quit();
  void ShowPrompt();
  void Suspend();

  // `line` is as Look makes it.
  void Show(const std::string& line);
  // What a program that reads this one's output does not take for what was said.
  void ShowAside(const std::string& line);

  void OnWelcome(const Welcome& welcome) override;
  void OnEvent(const Event& event) override;
  void OnMissed(uint64_t count) override;
  void OnRefused(const Refused& refused) override;
  void OnSettled() override;
  void OnLost(const absl::Status& why) override;
  void OnNotice(const std::string& notice) override;

  const ChatOptions options_;
  const Chat::Client chat_;
  const uint64_t key_;
  std::string name_;

  terminal::LineEditor editor_;
  terminal::Screen screen_;
  std::optional<terminal::RawMode> raw_;  // at a terminal
  const Look look_;

  std::unique_ptr<Conversation> conversation_;
  std::unique_ptr<Conversation> next_;
  std::string room_before_;  // to go back to
  Queue<Command> errands_;   // what asks the server something, and the end
  rpc::Bell welcomed_;
  rpc::Bell settled_;
  rpc::Bell quit_;
  uint64_t lines_not_taken_ = 0;
};

}  // namespace chat
