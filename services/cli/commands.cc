#include "services/cli/commands.h"

#include <algorithm>
#include <vector>

#include "services/cli/bench.h"
#include "services/cli/call.h"
#include "services/cli/completion.h"
#include "services/cli/describe.h"
#include "services/cli/dump.h"
#include "services/cli/health.h"
#include "services/cli/ls.h"
#include "services/cli/replay.h"
#include "services/cli/stats.h"
#include "services/cli/top.h"

namespace cli {

std::span<const CommandEntry> Commands() {
  static const std::vector<CommandEntry> commands = {
      {"ls",
       "ADDR [SERVICE]",
       "what a server serves",
       {Place::kAddress, Place::kService},
       Make<Ls>},
      {"describe",
       "ADDR SYMBOL",
       "a service, method or message as its .proto file has it",
       {Place::kAddress, Place::kSymbol},
       Make<Describe>},
      {"call",
       "ADDR METHOD [MESSAGE]...",
       "calls a method, with messages in JSON",
       {Place::kAddress, Place::kMethod},
       Make<CallCommand>},
      {"health",
       "ADDR [SERVICE]",
       "whether a server, or a service, is fit to be called",
       {Place::kAddress, Place::kService},
       Make<HealthCommand>},
      {"stats",
       "ADDR",
       "what a server has done, and how fast",
       {Place::kAddress},
       Make<StatsCommand>},
      {"top", "ADDR", "what happens on a server, live", {Place::kAddress}, Make<Top>},
      {"bench",
       "ADDR METHOD [MESSAGE]...",
       "how fast a method is, and how many calls it takes",
       {Place::kAddress, Place::kMethod},
       Make<Bench>},
      {"dump",
       "FILE | --listen=ADDR --to=ADDR",
       "shows the frames that pass, and stores them",
       {Place::kFile},
       Make<Dump>},
      {"replay",
       "FILE ADDR",
       "sends a recording again",
       {Place::kFile, Place::kAddress},
       Make<Replay>},
      {"completion",
       "bash|zsh",
       "prints what makes a shell complete all this",
       {Place::kShell},
       Make<Completion>},
  };
  return commands;
}

const CommandEntry* FindCommand(std::string_view name) {
  const std::span<const CommandEntry> commands = Commands();
  const auto found = std::ranges::find(commands, name, &CommandEntry::name);
  return found == commands.end() ? nullptr : &*found;
}

terminal::Flags FlagsOf(const CommandEntry& entry) {
  return terminal::Flags(entry.Usage(), std::string(entry.summary));
}

}  // namespace cli
