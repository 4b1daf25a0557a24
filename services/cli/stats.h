// `rpc stats`: what a server has done, as one snapshot.
#pragma once

#include "services/cli/command.h"
#include "services/cli/server_flags.h"

namespace cli {

class StatsCommand final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  ServerFlags server_;
  bool json_ = false;
  bool all_ = false;
};

}  // namespace cli
