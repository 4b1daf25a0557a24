// `rpc top`: what happens on a server, live.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "services/cli/command.h"
#include "services/cli/server_flags.h"

namespace cli {

class Top final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  ServerFlags server_;
  absl::Duration interval_ = absl::Seconds(1);
  int64_t count_ = 0;
};

}  // namespace cli
