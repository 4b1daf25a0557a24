// `rpc completion`: the scripts that make a shell complete the commands of `rpc`, and the answers
// that they ask for.
#pragma once

#include <string>
#include <vector>

#include "services/cli/command.h"

namespace cli {

class Completion final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;
};

// What the last of these words may become; the first is `rpc`, and the last may be empty. A line
// ":files" asks the shell for the names of files. Asks a server, for a second at most, where the
// words before name one.
std::vector<std::string> Completions(const std::vector<std::string>& words);

}  // namespace cli
