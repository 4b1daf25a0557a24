// `rpc health`: whether a server, or a service, is fit to be called.
#pragma once

#include "services/cli/command.h"
#include "services/cli/server_flags.h"

namespace cli {

class HealthCommand final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  ServerFlags server_;
  absl::Duration timeout_ = absl::Seconds(5);
  bool watch_ = false;
};

}  // namespace cli
