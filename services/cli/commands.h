// Which commands there are. No state; any thread.
#pragma once

#include <span>
#include <string_view>

#include "services/cli/command.h"

namespace cli {

// In the order in which help tells them.
std::span<const CommandEntry> Commands();

// Null when there is none of that name.
const CommandEntry* FindCommand(std::string_view name);

// For its Declare.
terminal::Flags FlagsOf(const CommandEntry& entry);

}  // namespace cli
