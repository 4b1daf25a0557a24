// `rpc call`: calls a method, with messages in JSON.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/cli/command.h"
#include "services/cli/method_flags.h"
#include "services/cli/schema.h"
#include "services/cli/server_flags.h"

namespace cli {

class CallCommand final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  ServerFlags server_;
  MethodFlags method_;
  absl::Duration timeout_ = absl::Seconds(10);
  JsonLook look_;
  bool verbose_ = false;
  bool wait_ = false;
};

}  // namespace cli
