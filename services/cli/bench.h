// `rpc bench`: how fast a method is, and how many calls it takes.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "services/cli/command.h"
#include "services/cli/load.h"
#include "services/cli/method_flags.h"
#include "services/cli/server_flags.h"

namespace cli {

class Bench final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  absl::StatusOr<LoadOptions> OptionsFor(const terminal::Flags& flags,
                                         const MethodTarget& target) const;

  ServerFlags server_;
  MethodFlags method_;
  absl::Duration timeout_ = absl::Seconds(10);
  absl::Duration duration_ = absl::Seconds(10);
  int64_t connections_ = 1;
  int64_t concurrency_ = 10;
  int64_t count_ = 0;
  int64_t rate_ = 0;
  bool json_ = false;
};

}  // namespace cli
