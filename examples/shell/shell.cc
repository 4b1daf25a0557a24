// Runs commands on a server: one, or an interactive session.
//
//     bazel run //examples:server -- --shell=ls,cat --shell_token_file=$PWD/token
//     bazel run //examples/shell -- --token_file=token ls -l
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/shell/remote_command.h"
#include "examples/shell/session.h"
#include "rpc/rpc.h"
#include "services/shell/token.h"
#include "services/terminal/connect.h"
#include "services/terminal/flags.h"
#include "services/terminal/input.h"
#include "services/terminal/output.h"
#include "services/terminal/program.h"
#include "services/terminal/signals.h"

namespace {

constexpr char kTokenVariable[] = "SHELL_TOKEN";

struct Options {
  std::string server = "tcp://127.0.0.1:7000";
  std::string ca = {};
  std::string token_file = {};
  std::string directory = {};
  bool sh = false;
  bool no_input = false;
};

void Declare(terminal::Flags* flags, Options* options) {
  flags->Text("server", "ADDRESS", "tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH",
              &options->server);
  flags->Text("ca", "FILE", "for tls://, the CA that the server's certificate comes from",
              &options->ca);
  flags->Text("token_file", "FILE",
              "its first line is the token; without it the variable\n"
              "SHELL_TOKEN of the environment is",
              &options->token_file);
  flags->Text("directory", "DIR", "where the command starts; within the server's directory",
              &options->directory);
  flags->Bool("sh", "has the server's sh run COMMAND, with the arguments as $1 and so on",
              &options->sh);
  flags->Bool("no_input", "the command gets no input; otherwise ours is its", &options->no_input);
  flags->Arguments(0, terminal::Flags::kAnyNumber);
  flags->EndAtFirstArgument();
  flags->Footer(
      "Without a COMMAND it takes commands line by line, at a terminal with a prompt.\n"
      "Ctrl-C interrupts the command on the server; a second one kills it.\n"
      "\n"
      "It exits with the command's exit code; with 128 and the number of a signal\n"
      "that killed it; 127 when there is no such command, 126 when it is not allowed,\n"
      "2 for flags and addresses that make no sense, 255 when the call failed\n"
      "otherwise.\n"
      "\n"
      "Examples:\n"
      "  shell --token_file=token ls -l /tmp\n"
      "  shell --token_file=token cat < file > copy\n"
      "  shell --token_file=token --sh 'ls | wc -l'\n"
      "  SHELL_TOKEN=... shell --server=tls://build.example.com:7443 --ca=ca.pem\n");
}

absl::Status FindToken(const Options& options, std::string* token) {
  if (!options.token_file.empty()) return shell::ReadToken(options.token_file, token);
  const char* const value = std::getenv(kTokenVariable);
  if (value == nullptr || *value == '\0') {
    return absl::InvalidArgumentError(
        "a token is needed: --token_file=FILE, or SHELL_TOKEN in the environment");
  }
  *token = value;
  return absl::OkStatus();
}

rpc::Task<int> PassSignals(shell::RemoteCommand* remote) {
  terminal::Signals signals({SIGINT, SIGTERM, SIGHUP});
  absl::StatusOr<int> number = co_await signals.Next();
  while (number.ok()) {
    remote->Signal(*number);
    number = co_await signals.Next();
  }
  co_return shell::kCallFailed;
}

rpc::Task<int> RunOne(const shell::Host& host, const Options& options,
                      const std::vector<std::string>& words) {
  terminal::Input in;
  terminal::Output out;
  terminal::Output err(STDERR_FILENO, "the standard error");
  shell::Command command;
  command.set_name(words.front());
  for (size_t i = 1; i < words.size(); ++i) command.add_arguments(words[i]);
  command.set_directory(options.directory);
  command.set_use_shell(options.sh);
  shell::RemoteCommand remote(host, {options.no_input ? nullptr : &in, &out, &err});
  auto ended = co_await rpc::WhenAny(remote.Run(command), PassSignals(&remote));
  const int code = ended.get<0>();
  const bool refused = code == shell::kNotAllowed && !remote.exit().has_value();
  if (refused && !options.sh && command.name().find(' ') != std::string::npos) {
    co_await remote.Tell(
        "the command and its arguments are words apart, as in `shell ls -l`; a line for a shell "
        "needs --sh");
  }
  co_return code;
}

rpc::Task<int> RunSession(const shell::Host& host, const Options& options) {
  shell::Session session(host, options.directory);
  co_return co_await session.Run();
}

int UsageError(const absl::Status& status) {
  return terminal::Complain("shell", status, terminal::kUsageError);
}

int Run(const Options& options, const std::vector<std::string>& words) {
  std::string token;
  if (absl::Status s = FindToken(options, &token); !s.ok()) return UsageError(s);
  const absl::StatusOr<rpc::Channel> channel = terminal::ChannelTo(options.server, options.ca);
  if (!channel.ok()) return UsageError(channel.status());
  shell::Host host = {.client = shell::Shell::Client(*channel)};
  shell::AddToken(token, &host.token);
  if (words.empty()) return rpc::Run([&] { return RunSession(host, options); });
  return rpc::Run([&] { return RunOne(host, options, words); });
}

}  // namespace

int main(int argc, char** argv) {
  terminal::BeginProgram();
  Options options;
  terminal::Flags flags("shell [FLAGS] [COMMAND [ARGUMENT]...]", "Runs commands on a server.");
  Declare(&flags, &options);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return UsageError(s);
  if (flags.help()) return flags.PrintHelp();
  if (options.sh && flags.arguments().empty()) {
    return UsageError(absl::InvalidArgumentError("--sh needs a COMMAND, as in --sh 'ls | wc -l'"));
  }
  return Run(options, flags.arguments());
}
