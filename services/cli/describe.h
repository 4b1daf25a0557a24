// `rpc describe`: a symbol as its .proto file has it.
#pragma once

#include "services/cli/command.h"
#include "services/cli/server_flags.h"

namespace cli {

class Describe final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  ServerFlags server_;
  bool whole_file_ = false;
};

}  // namespace cli
