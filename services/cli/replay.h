// `rpc replay`: sends the client's side of a recording again.
#pragma once

#include "absl/time/time.h"
#include "services/cli/command.h"
#include "services/cli/server_flags.h"

namespace cli {

class Replay final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  ServerFlags server_;
  bool fast_ = false;
  bool exact_ = false;
  bool quiet_ = false;
  absl::Duration patience_ = absl::Seconds(5);
};

}  // namespace cli
