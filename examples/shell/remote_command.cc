#include "examples/shell/remote_command.h"

#include <csignal>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/terminal/text.h"

namespace shell {
namespace {

// Until the command has ended.
rpc::Sleep ForEver() { return rpc::Sleep(absl::InfiniteDuration()); }

const char* WordsFor(Limit limit) {
  switch (limit) {
    case LIMIT_TIME:
      return "killed: it took longer than the server allows";
    case LIMIT_OUTPUT:
      return "killed: it printed more than the server allows";
    default:
      return nullptr;
  }
}

}  // namespace

int ExitCodeOf(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kNotFound) return kNotFound;
  if (status.code() == absl::StatusCode::kPermissionDenied) return kNotAllowed;
  if (status.code() == absl::StatusCode::kInvalidArgument) return kUsageError;
  return kCallFailed;
}

std::string SentenceFor(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnimplemented) {
    return "this server runs no commands (was it started without --shell?)";
  }
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    return "the server does not take the token that --token_file=FILE or SHELL_TOKEN gives";
  }
  return std::string(status.message());
}

RemoteCommand::RemoteCommand(const Host& host, const Ends& ends) : host_(host), ends_(ends) {}

rpc::Task<int> RemoteCommand::Run(const Command& command) {
  call_.emplace(host_.client.Run({.metadata = &host_.token}));
  auto ended = co_await rpc::WhenAny(Receive(), SendInput(command), SendInterrupt());
  call_.reset();
  co_return ended.get<0>();
}

rpc::Task<int> RemoteCommand::Receive() {
  const Output* output = co_await call_->Read();
  while (output != nullptr) {
    written_ = co_await Print(*output);
    if (!written_.ok()) break;
    output = co_await call_->Read();
  }
  co_return co_await CodeOfEnd();
}

rpc::Task<absl::Status> RemoteCommand::Print(const Output& output) {
  if (output.kind_case() == Output::kExit) exit_ = output.exit();
  const bool is_err = output.kind_case() == Output::kErr;
  const std::string& bytes = is_err ? output.err() : output.out();
  if (bytes.empty()) co_return absl::OkStatus();
  in_line_ = !bytes.ends_with('\n');
  terminal::Output* const to = is_err ? ends_.err : ends_.out;
  co_return co_await to->Write(bytes);
}

rpc::Task<int> RemoteCommand::CodeOfEnd() {
  const absl::Status status = call_->status();
  if (!written_.ok()) {
    // Nobody reads any more: as for a command in a local pipe, that is no news.
    if (!absl::IsUnavailable(written_)) co_await Tell(std::string(written_.message()));
    co_return kKilled + SIGPIPE;
  }
  if (exit_.has_value()) co_return co_await CodeOf(*exit_);
  if (ended_by_ != 0) co_return kKilled + ended_by_;
  co_await Tell(SentenceFor(status));
  co_return ExitCodeOf(status);
}

rpc::Task<int> RemoteCommand::CodeOf(const Exit& exit) {
  const char* const words = WordsFor(exit.limit());
  if (words != nullptr) co_await Tell(words);
  co_return static_cast<int>(exit.signal() != 0 ? kKilled + exit.signal() : exit.code());
}

rpc::Task<void> RemoteCommand::Tell(std::string sentence) {
  const std::string line =
      absl::StrCat(in_line_ ? "\n" : "", "shell: ", terminal::Harmless(sentence), "\n");
  in_line_ = false;
  (void)co_await ends_.err->Write(line);
}

rpc::Task<bool> RemoteCommand::Send(const Input& message) {
  absl::Status free;
  while (sends_) {
    free = co_await sent_.Wait();
    if (!free.ok()) co_return false;
  }
  sends_ = true;
  const bool taken = co_await call_->Write(message);
  sends_ = false;
  sent_.Ring();
  co_return taken;
}

rpc::Task<int> RemoteCommand::SendInput(const Command& command) {
  Input message;
  *message.mutable_command() = command;
  bool more = co_await Send(message);
  while (more && ends_.in != nullptr) {
    absl::StatusOr<std::string> bytes = co_await ends_.in->Read();
    more = bytes.ok() && !bytes->empty();
    if (!more) break;
    message.set_input(*std::move(bytes));
    more = co_await Send(message);
  }
  message.set_end(true);
  (void)co_await Send(message);
  (void)co_await ForEver();
  co_return kCallFailed;
}

rpc::Task<int> RemoteCommand::SendInterrupt() {
  Input message;
  message.set_signal(SIGINT);
  const absl::Status rung = co_await interrupt_.Wait();
  if (rung.ok()) (void)co_await Send(message);
  (void)co_await ForEver();
  co_return kCallFailed;
}

void RemoteCommand::Signal(int number) {
  if (!call_.has_value()) return;
  in_line_ = true;  // a terminal shows ^C
  if (number == SIGINT && !interrupted_ && !sends_) {
    interrupted_ = true;
    interrupt_.Ring();
  } else {
    ended_by_ = number;
    call_->Cancel();
  }
}

}  // namespace shell
