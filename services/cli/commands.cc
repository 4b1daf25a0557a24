#include "services/cli/commands.h"

#include <algorithm>
#include <vector>

#include "services/cli/completion.h"
#include "services/cli/dump.h"
#include "services/cli/replay.h"

namespace cli {

std::span<const CommandEntry> Commands() {
  static const std::vector<CommandEntry> commands = {
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
       "SHELL",
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
