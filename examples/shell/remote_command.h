// One command on the server, joined to the input and output of this program.
//
//     terminal::Input in;
//     terminal::Output out, err(STDERR_FILENO, "standard error");
//     RemoteCommand remote(host, {&in, &out, &err});
//     int code = co_await remote.Run(command);      // the command's, or see ExitCode below
//     remote.Signal(SIGINT);                        // meanwhile: Ctrl-C
//
// Threads: one loop. One command at a time. Lifetime: what it is given outlives it.
#pragma once

#include <csignal>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/shell/shell.rpc.h"
#include "services/terminal/input.h"
#include "services/terminal/output.h"

namespace shell {

// A server, and what shows that one may use it.
struct Host {
  Shell::Client client;
  rpc::Metadata token = {};
};

// What this program exits with when there is no exit code of a command's: as shells do where they
// have a number for it.
enum ExitCode : int {
  kUsageError = 2,
  kNotAllowed = 126,
  kNotFound = 127,
  kKilled = 128,  // and the number of the signal
  kCallFailed = 255,
};

// For a call that failed.
int ExitCodeOf(const absl::Status& status);
// In words of this program where it knows better what to do than the server does. Not harmless.
std::string SentenceFor(const absl::Status& status);

class RemoteCommand {
 public:
  struct Ends {
    terminal::Input* in = nullptr;  // null: no input
    terminal::Output* out = nullptr;
    terminal::Output* err = nullptr;
  };

  RemoteCommand(const Host& host, const Ends& ends);
  RemoteCommand(const RemoteCommand&) = delete;
  RemoteCommand& operator=(const RemoteCommand&) = delete;

  // The exit code. What else there is to say is said on `err`.
  rpc::Task<int> Run(const Command& command);

  // What a signal to this program means for the command that runs, if one does: SIGINT goes to it;
  // the second one, or the first when the command does not take its input, cancels the call, which
  // kills it. So does any other.
  void Signal(int number);

  // How the command ended; nothing when the call failed.
  const std::optional<Exit>& exit() const { return exit_; }
  // A sentence about it, on `err`.
  rpc::Task<void> Tell(std::string sentence);

  // Whether a signal has ended it that is meant for the program as a whole.
  bool program_is_to_end() const { return ended_by_ != 0 && ended_by_ != SIGINT; }
  // Whether what was printed ended in the middle of a line.
  bool in_line() const { return in_line_; }

 private:
  using Call = rpc::StreamCall<Output, Input>;

  // What goes on side by side, until Receive has returned.
  rpc::Task<int> Receive();
  rpc::Task<int> SendInput(const Command& command);
  rpc::Task<int> SendInterrupt();

  rpc::Task<absl::Status> Print(const Output& output);
  rpc::Task<int> CodeOfEnd();
  rpc::Task<int> CodeOf(const Exit& exit);
  // False when nobody takes messages any more.
  rpc::Task<bool> Send(const Input& message);

  const Host& host_;
  const Ends ends_;
  std::optional<Call> call_;
  std::optional<Exit> exit_;
  rpc::Bell sent_;
  rpc::Bell interrupt_;
  bool sends_ = false;        // a message is on its way
  bool interrupted_ = false;  // SIGINT is passed on, or has been
  int ended_by_ = 0;          // the signal for which the call was cancelled
  absl::Status written_;      // of our own output
  bool in_line_ = false;
};

}  // namespace shell
