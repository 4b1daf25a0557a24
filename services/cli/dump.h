// `rpc dump`: frames in words, as they pass or from a recording.
#pragma once

#include <cstdint>
#include <string>

#include "services/cli/command.h"
#include "services/cli/server_flags.h"

namespace cli {

class Dump final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  int PrintFile(const std::string& path) const;
  int Watch() const;

  ServerFlags server_;
  std::string listen_;
  std::string to_;
  std::string store_;
  std::string listen_certificate_;
  std::string listen_key_;
  int64_t body_bytes_ = 0;
};

}  // namespace cli
