// Talks with others in a room of the chat service, at a terminal or between pipes.
//
//     bazel run //examples:server &
//     bazel run //examples/chat -- --name=ann
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "examples/chat/chat_program.h"
#include "examples/chat/command.h"
#include "rpc/rpc.h"
#include "services/terminal/connect.h"
#include "services/terminal/flags.h"
#include "services/terminal/program.h"

namespace {

constexpr char kExamples[] =
    "Typed:\n"
    "%s"
    "\n"
    "It exits with 0 when the user has left, or all of its input was said; with 1\n"
    "when the server cannot be reached, does not let the user in or has not taken\n"
    "some of the input; with 2 for flags, names and addresses that make no sense.\n"
    "\n"
    "Examples:\n"
    "  chat --name=ann                                      # 127.0.0.1:7000, lobby\n"
    "  chat --server=tls://chat.example.org:7443 --ca=ca.pem --room=tea\n"
    "  chat --server=udp://127.0.0.1:7001                   # polls: the same room\n"
    "  uptime | chat --name=reporter                        # says it, and leaves\n"
    "  tail -f /dev/null | chat --name=scribe >> tea.txt    # writes it all down\n";

std::string UserName() {
  const char* const user = std::getenv("USER");
  if (user != nullptr && *user != '\0') return user;
  const passwd* const known = getpwuid(getuid());
  return known == nullptr ? "guest" : known->pw_name;
}

std::string Footer() {
  std::string footer = kExamples;
  return footer.replace(footer.find("%s"), 2, chat::CommandsHelp());
}

void Declare(terminal::Flags* flags, chat::ChatOptions* options) {
  flags->Text("server", "ADDRESS",
              "where it listens: tcp://HOST:PORT, tls://HOST:PORT,\n"
              "udp://HOST:PORT, unix:///PATH or unix:@NAME",
              &options->address);
  flags->Text("room", "ROOM", "where to talk", &options->room);
  flags->Text("name", "NAME", "who talks; your user's name unless it is given", &options->name);
  flags->Number("history", 0, 10'000, "so many of the last texts are told first",
                &options->history);
  flags->Bool("times", "the time of day before each line", &options->times);
  flags->Text("ca", "FILE", "for tls://, the CAs that the server's certificate may come from",
              &options->ca);
  flags->Duration("poll_interval", "for udp://, how often to ask what is new",
                  &options->poll_interval);
  flags->Footer(Footer());
}

rpc::Task<> Talk(const chat::ChatOptions& options, const rpc::Channel& channel) {
  chat::ChatProgram program(options, channel);
  absl::Status status = co_await program.Run();
  co_return status;
}

int Run(const chat::ChatOptions& options) {
  const absl::StatusOr<rpc::Channel> channel =
      terminal::ChannelTo(options.address, options.ca, {.backoff_max = absl::Seconds(1)});
  if (!channel.ok()) return terminal::Complain("chat", channel.status(), terminal::kUsageError);
  const absl::Status status = rpc::Run([&] { return Talk(options, *channel); });
  if (status.ok()) return 0;
  // Of the address, the name or the room: nothing else is asked for before the user is let in.
  return terminal::Complain("chat", status,
                            absl::IsInvalidArgument(status) ? terminal::kUsageError : 1);
}

}  // namespace

int main(int argc, char** argv) {
  terminal::BeginProgram();
  chat::ChatOptions options;
  terminal::Flags flags("chat [FLAGS]", "Talks with others in a room.");
  Declare(&flags, &options);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) {
    return terminal::Complain("chat", s, terminal::kUsageError);
  }
  if (flags.help()) return flags.PrintHelp();
  if (options.name.empty()) options.name = UserName();
  return Run(options);
}
