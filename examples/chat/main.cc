// Talks with others in a room of the chat service, at a terminal or between pipes.
//
//     bazel run //examples:server &
//     bazel run //examples/chat -- --name=ann
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "examples/chat/chat_program.h"
#include "examples/chat/command.h"
#include "examples/terminal/flags.h"
#include "examples/terminal/program.h"
#include "rpc/rpc.h"

namespace {

constexpr char kExamples[] =
    "Typed:\n"
    "%s"
    "\n"
    "Examples:\n"
    "  chat --name=ann                                      # tcp://127.0.0.1:7000, lobby\n"
    "  chat --server=tls://chat.example.org:7443 --ca=ca.pem --room=tea\n"
    "  chat --server=udp://127.0.0.1:7001                   # posts and polls: the same room\n"
    "  uptime | chat --name=reporter                        # says it, and leaves\n"
    "  tail -f /dev/null | chat --name=scribe >> tea.txt    # writes it all down\n";

std::string UserName() {
  const char* const user = std::getenv("USER");
  return user == nullptr || *user == '\0' ? "guest" : user;
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

absl::Status Run(const chat::ChatOptions& options) {
  std::optional<rpc::Tls> tls;
  const bool may_be_secure =
      options.address.starts_with("tls:") || options.address.starts_with("unix:");
  if (!options.ca.empty() && !may_be_secure) {
    return absl::InvalidArgumentError(
        absl::StrCat("--ca is of use with tls:// only, not with ", options.address));
  }
  if (options.address.starts_with("tls:") || !options.ca.empty()) {
    absl::StatusOr<rpc::Tls> made = rpc::Tls::Client({.ca_file = options.ca});
    if (!made.ok()) return made.status();
    tls = *made;
  }
  const rpc::Channel channel(
      options.address, {.backoff_max = absl::Seconds(1), .tls = tls.has_value() ? &*tls : nullptr});
  return rpc::Run([&] { return Talk(options, channel); });
}

}  // namespace

int main(int argc, char** argv) {
  terminal::BeginProgram();
  chat::ChatOptions options;
  terminal::Flags flags("chat [FLAGS]", "Talks with others in a room.");
  Declare(&flags, &options);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return rpc::Fail(s);
  if (flags.help()) return flags.PrintHelp();
  if (options.name.empty()) options.name = UserName();
  return rpc::Exit(Run(options));
}
