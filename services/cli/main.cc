// Looks into running servers, and calls them: `rpc --help`.
//
//     bazel build //services/cli:rpc
//     rpc ls 127.0.0.1:7000
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"
#include "rpc/version.h"
#include "rpc/wire/frame_format.h"
#include "services/cli/commands.h"
#include "services/cli/failure.h"
#include "services/terminal/program.h"

namespace cli {
namespace {

std::string Help() {
  std::string text =
      "usage: rpc COMMAND [FLAGS] [ARGUMENT]...\n"
      "Looks into running servers, and calls them, without their .proto files.\n\n";
  size_t column = 0;
  for (const CommandEntry& entry : Commands()) column = std::max(column, entry.name.size() + 4);
  for (const CommandEntry& entry : Commands()) {
    std::string line = absl::StrCat("  ", std::string(entry.name));
    line.resize(column, ' ');
    absl::StrAppend(&text, line, std::string(entry.summary), "\n");
  }
  return absl::StrCat(
      text,
      "\n"
      "ADDR is HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT, unix:///PATH or\n"
      "unix:@NAME. `rpc COMMAND --help` tells the flags of a command, and has examples;\n"
      "`rpc --version` which version this is.\n"
      "\n"
      "Exit codes: 0 all is well, 1 something on this side failed, 2 flags or arguments make no\n"
      "sense, 130 Ctrl-C; of a call that failed 64 and the status code, such as 69 for NOT_FOUND\n"
      "and 78 for UNAVAILABLE.\n"
      "\n"
      "Examples:\n"
      "  rpc ls 127.0.0.1:7000\n"
      "  rpc call 127.0.0.1:7000 echo.Echo/Say '{\"text\": \"hello\"}'\n"
      "  rpc top 127.0.0.1:7000\n");
}

int PrintVersion() {
  return Print(absl::StrCat("rpc ", std::string(rpc::kVersion), ", protocol ",
                            rpc::wire::kProtocolVersion, "\n"));
}

// How many letters of one are to be changed, added or left out to get the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

int UnknownCommand(std::string_view name) {
  std::string sentence = absl::StrCat("there is no command \"", std::string(name), "\"; ");
  for (const CommandEntry& entry : Commands()) {
    const bool is_near = name.size() <= 32 && Distance(entry.name, name) <= 1;
    if (is_near) absl::StrAppend(&sentence, "did you mean ", std::string(entry.name), "? ");
  }
  return UsageError(
      absl::InvalidArgumentError(absl::StrCat(sentence, "`rpc --help` tells which there are")));
}

int RunCommand(const CommandEntry& entry, int argc, const char* const* argv) {
  const std::unique_ptr<Command> command = entry.make();
  terminal::Flags flags = FlagsOf(entry);
  command->Declare(&flags);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return UsageError(s);
  return flags.help() ? flags.PrintHelp() : command->Run(flags);
}

int Main(int argc, const char* const* argv) {
  if (argc < 2) {
    std::fputs(Help().c_str(), stderr);
    return kUsageError;
  }
  const std::string_view name = argv[1];
  if (name == "--version") return PrintVersion();
  const bool asks = name == "help" || name == "--help" || name == "-h";
  if (asks && argc == 2) return Print(Help());
  const CommandEntry* const entry = FindCommand(asks ? argv[2] : name);
  if (entry == nullptr) return UnknownCommand(asks ? argv[2] : name);
  const char* const help[] = {argv[0], "--help"};
  return asks ? RunCommand(*entry, 2, help) : RunCommand(*entry, argc - 1, argv + 1);
}

}  // namespace
}  // namespace cli

int main(int argc, char** argv) {
  terminal::BeginProgram();
  google::protobuf::SetLogHandler(nullptr);  // what is wrong, the commands say
  return cli::Main(argc, argv);
}
