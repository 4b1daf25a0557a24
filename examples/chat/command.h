// What a line that was typed means: a text, or with a slash a command. No IO.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chat {

struct Command {
  enum class Kind : uint8_t {
    kNothing,
    kSay,
    kWho,
    kRooms,
    kJoin,
    kName,
    kHelp,
    kQuit,
    kMistake,  // `argument` says what is wrong
  };

  Kind kind = Kind::kNothing;
  std::string argument = {};
};

// `//text` says "/text".
Command ReadCommand(std::string_view line);

// A line for each command.
std::string_view CommandsHelp();

}  // namespace chat
