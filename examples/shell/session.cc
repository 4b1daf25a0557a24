#include "examples/shell/session.h"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "examples/shell/words.h"
#include "services/terminal/signals.h"
#include "services/terminal/text.h"

namespace shell {
namespace {

constexpr absl::Duration kDescribeTimeout = absl::Seconds(10);
constexpr int kCodeMax = 255;

constexpr char kHelp[] =
    "A line is a command and its arguments. 'Quotes', \"quotes\" and \\ keep blanks;\n"
    "nothing else has a meaning here.\n"
    "  ! LINE      has the server's sh run the line, with pipes, $variables and all\n"
    "  cd [DIR]    runs what follows in another directory: `-` is the one before,\n"
    "              none is where the server begins\n"
    "  pwd         tells the directory\n"
    "  help        this\n"
    "  exit [N]    ends, as Ctrl-D does\n"
    "Ctrl-C interrupts the command; a second one kills it.";

// Of a path: all of it would leave little room to type.
std::string LastName(const std::string& path) {
  return path == "/" ? path : path.substr(path.rfind('/') + 1);
}

}  // namespace

Session::Session(const Host& host, std::string directory)
    : host_(host),
      begin_(std::move(directory)),
      at_terminal_(isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0),
      err_(STDERR_FILENO, "standard error"),
      editor_(""),
      screen_(STDOUT_FILENO, &editor_) {}

rpc::Task<int> Session::Run() {
  absl::Status described = co_await Describe(begin_);
  if (!described.ok()) co_return ExitCodeOf(described);
  if (at_terminal_) {
    co_await RunTerminal();
  } else {
    co_await RunLines();
  }
  co_return code_;
}

rpc::Task<void> Session::RunLines() {
  while (!ended_) {
    absl::StatusOr<std::optional<std::string>> line = co_await in_.ReadLine();
    if (!line.ok()) Complain(std::string(line.status().message()));
    if (!line.ok()) code_ = kUsageError;
    if (!line.ok() || !line->has_value()) co_return;
    co_await RunLine(**std::move(line));
  }
}

rpc::Task<void> Session::RunTerminal() {
  raw_.emplace();
  screen_.Print("`help` tells what can be typed; Ctrl-D ends.");
  auto ended = co_await rpc::WhenAny(FollowSignals(), ReadKeys());
  (void)ended;
  screen_.Hide();
  raw_.reset();
}

rpc::Task<int> Session::ReadKeys() {
  terminal::KeyReader reader;
  while (!ended_) {
    screen_.Draw();
    absl::StatusOr<std::string> bytes = co_await in_.Read();
    if (!bytes.ok() || bytes->empty()) break;
    const std::vector<terminal::Key> keys = reader.Feed(*bytes);
    for (const terminal::Key& key : keys) {
      const std::optional<terminal::Line> line = editor_.Feed(key);
      if (line.has_value() && !ended_) co_await Handle(*line);
    }
  }
  co_return 0;
}

// All the time: a Ctrl-C that comes when the command has just ended is for nobody, and ends
// nothing.
rpc::Task<int> Session::FollowSignals() {
  terminal::Signals signals({SIGINT, SIGTERM, SIGHUP, SIGWINCH});
  absl::StatusOr<int> number = co_await signals.Next();
  while (number.ok()) {
    if (*number == SIGWINCH) {
      screen_.Resize();
    } else if (running_ != nullptr) {
      running_->Signal(*number);
    } else if (*number != SIGINT) {
      code_ = kKilled + *number;
      break;
    }
    number = co_await signals.Next();
  }
  co_return 0;
}

rpc::Task<void> Session::Handle(const terminal::Line& line) {
  using Kind = terminal::Line::Kind;
  if (line.kind == Kind::kText) {
    screen_.Enter(line.text);
    raw_->Pause();
    co_await RunLine(line.text);
    raw_->Resume();
    screen_.Resize();
  } else if (line.kind == Kind::kEof) {
    screen_.Enter("exit");
    ended_ = true;
  } else if (line.kind == Kind::kSuspend) {
    screen_.Hide();
    raw_->Suspend();
    screen_.Resize();
  } else if (line.kind == Kind::kClear) {
    screen_.Clear();
  }
}

rpc::Task<void> Session::RunLine(std::string text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos || text[begin] == '#') co_return;
  if (text[begin] == '!') {
    Command command;
    command.set_use_shell(true);
    command.set_name(text.substr(begin + 1));
    co_return co_await RunCommand(std::move(command));
  }
  absl::StatusOr<std::vector<std::string>> words = SplitWords(text);
  if (words.ok()) co_return co_await RunWords(*std::move(words));
  Complain(std::string(words.status().message()));
  code_ = kUsageError;
}

rpc::Task<void> Session::RunWords(std::vector<std::string> words) {
  const std::string& name = words.front();
  if (name == "exit") co_return Exit(words);
  if (name == "help") co_return PrintHelp();
  if (name == "pwd" && words.size() == 1) co_return PrintDirectory();
  if (name == "cd") co_return co_await ChangeDirectory(std::move(words));
  Command command;
  command.set_name(name);
  for (size_t i = 1; i < words.size(); ++i) command.add_arguments(words[i]);
  co_await RunCommand(std::move(command));
}

rpc::Task<void> Session::RunCommand(Command command) {
  command.set_directory(description_.directory());
  // Of its own, for Ctrl-D ends it. The lines of a file are commands, not the input of one.
  terminal::Input in;
  RemoteCommand remote(host_, {at_terminal_ ? &in : nullptr, &out_, &err_});
  running_ = &remote;
  code_ = co_await remote.Run(command);
  running_ = nullptr;
  ended_ = ended_ || remote.program_is_to_end();
  if (!at_terminal_) co_return;
  if (remote.in_line()) (void)co_await out_.Write("\n");
  ShowEnd(remote);
}

void Session::ShowEnd(const RemoteCommand& remote) {
  if (!remote.exit().has_value() || remote.exit()->limit() != LIMIT_NONE) return;
  const uint32_t signal = remote.exit()->signal();
  if (signal != 0) {
    screen_.Print(absl::StrCat("killed by signal ", signal));
  } else if (code_ != 0) {
    screen_.Print(absl::StrCat("exit code ", code_));
  }
}

rpc::Task<void> Session::ChangeDirectory(std::vector<std::string> words) {
  code_ = kUsageError;
  if (words.size() > 2) co_return Complain("cd takes one directory, or none");
  std::string directory = words.size() > 1 ? words[1] : "";
  if (directory == "-" && previous_.empty()) co_return Complain("there is no directory before");
  if (directory == "-") directory = previous_;
  std::string left = description_.directory();
  const bool relative = !directory.empty() && !directory.starts_with('/');
  if (relative) directory = absl::StrCat(description_.directory(), "/", directory);
  const absl::Status described = co_await Describe(std::move(directory));
  code_ = described.ok() ? 0 : 1;
  if (described.ok()) previous_ = std::move(left);
}

rpc::Task<absl::Status> Session::Describe(std::string directory) {
  DescribeRequest request;
  request.set_directory(std::move(directory));
  const rpc::CallOptions options = {.timeout = kDescribeTimeout, .metadata = &host_.token};
  absl::StatusOr<Description> description = co_await host_.client.Describe(request, options);
  if (!description.ok()) {
    Complain(SentenceFor(description.status()));
    co_return description.status();
  }
  description_ = *std::move(description);
  editor_.SetPrompt(absl::StrCat(terminal::Harmless(LastName(description_.directory())), "> "));
  co_return absl::OkStatus();
}

void Session::Exit(const std::vector<std::string>& words) {
  int code = code_;
  const bool good = words.size() == 1 || (words.size() == 2 && absl::SimpleAtoi(words[1], &code) &&
                                          code >= 0 && code <= kCodeMax);
  if (!good) {
    return Complain(absl::StrCat("exit takes a number from 0 to ", kCodeMax, ", or nothing"));
  }
  code_ = code;
  ended_ = true;
}

void Session::PrintDirectory() {
  screen_.Print(description_.directory());
  code_ = 0;
}

void Session::PrintHelp() {
  const auto& commands = description_.commands();
  screen_.Print(absl::StrCat(kHelp, "\nCommands of this server: ", absl::StrJoin(commands, ", "),
                             description_.shell_allowed() ? "" : "; no ! here"));
}

void Session::Complain(std::string_view sentence) {
  terminal::Screen(STDERR_FILENO).Print(absl::StrCat("shell: ", std::string(sentence)));
}

}  // namespace shell
