// Commands as a person types them, one after the other: at a terminal with a prompt, an editor and
// a history; from a file or a pipe line by line.
//
//     Session session(host, "");
//     int code = co_await session.Run();      // that of the last command, or what `exit` says
//
// A line is words (words.h), of which the first is a command of the server's; `help` tells which
// there are, and what else can be typed. While a command runs, what is typed is its input.
//
// Threads: made and used on one loop. Lifetime: the host outlives it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "examples/shell/remote_command.h"
#include "rpc/rpc.h"
#include "services/terminal/input.h"
#include "services/terminal/keys.h"
#include "services/terminal/line_editor.h"
#include "services/terminal/output.h"
#include "services/terminal/raw_mode.h"
#include "services/terminal/screen.h"

namespace shell {

class Session {
 public:
  // `directory` is where commands run at first.
  Session(const Host& host, std::string directory);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  rpc::Task<int> Run();

 private:
  rpc::Task<void> RunLines();
  rpc::Task<void> RunTerminal();
  // What goes on side by side at a terminal, until one of them has returned.
  rpc::Task<int> ReadKeys();
  rpc::Task<int> FollowSignals();
  rpc::Task<void> Handle(const terminal::Line& line);

  // One line that was entered.
  rpc::Task<void> RunLine(std::string text);
  rpc::Task<void> RunWords(std::vector<std::string> words);
  rpc::Task<void> RunCommand(Command command);
  // How it ended, if that is worth a word and none has been said.
  void ShowEnd(const RemoteCommand& remote);
  rpc::Task<void> ChangeDirectory(std::vector<std::string> words);
  // Where that leads, and what the server allows; its sentence is shown if it does not answer.
  rpc::Task<absl::Status> Describe(std::string directory);
  void Exit(const std::vector<std::string>& words);
  void PrintDirectory();
  void PrintHelp();
  void Complain(std::string_view sentence);

  const Host& host_;
  const std::string begin_;
  const bool at_terminal_;
  terminal::Input in_;
  terminal::Output out_;
  terminal::Output err_;
  terminal::LineEditor editor_;
  terminal::Screen screen_;
  std::optional<terminal::RawMode> raw_;

  Description description_;  // of the directory where commands run
  std::string previous_;     // where they ran before that; empty: nowhere
  RemoteCommand* running_ = nullptr;
  int code_ = 0;
  bool ended_ = false;
};

}  // namespace shell
