// `rpc ls`: what a server serves.
#pragma once

#include "services/cli/command.h"
#include "services/cli/server_flags.h"

namespace cli {

class Ls final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  ServerFlags server_;
  bool long_ = false;
};

}  // namespace cli
