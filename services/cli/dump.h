// `rpc dump`: frames in words, as they pass or from a recording.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/address.h"
#include "services/cli/command.h"
#include "services/cli/proxy.h"
#include "services/cli/recording.h"
#include "services/cli/server_flags.h"

namespace cli {

class Dump final : public Command {
 public:
  void Declare(terminal::Flags* flags) override;
  int Run(const terminal::Flags& flags) override;

 private:
  int PrintFile(const std::string& path) const;
  int Watch() const;
  absl::StatusOr<ProxyOptions> OptionsFor(const rpc::net::Address& listen,
                                          const std::string& to) const;
  // The exit code: 0 after a signal, else why it could not go on, or not begin.
  int Serve(const rpc::net::Address& listen, const std::string& to, ProxyOptions options) const;

  ServerFlags server_;
  std::string listen_;
  std::string to_;
  std::string store_;
  std::string listen_certificate_;
  std::string listen_key_;
  int64_t body_bytes_ = 0;
};

}  // namespace cli
