// The address of a server as it is typed, and the flags that say how to connect to it.
//
//     ServerFlags server;
//     server.Declare(flags);
//     absl::StatusOr<rpc::Channel> channel = server.Connect(flags.arguments()[0]);
//
// No state but the variables; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/terminal/flags.h"

namespace cli {

// `tcp://` in front of what is only HOST:PORT. INVALID_ARGUMENT for what is no address.
absl::StatusOr<std::string> AddressFrom(std::string_view typed);

// INVALID_ARGUMENT for udp://, for a command that needs a stream. What is no address passes.
absl::Status CheckCarriesStreams(std::string_view typed);

class ServerFlags {
 public:
  void Declare(terminal::Flags* flags);

  // INVALID_ARGUMENT and the like for an address that makes no sense, files that cannot be read,
  // and flags of TLS where there is none. Nobody is asked yet.
  absl::StatusOr<rpc::Channel> Connect(std::string_view typed,
                                       rpc::ChannelOptions options = {}) const;

  // What the flags of TLS say, for an address; nothing where TLS is not spoken.
  absl::StatusOr<std::optional<rpc::Tls>> TlsFor(const std::string& address) const;

 private:
  std::string ca_;
  std::string certificate_;
  std::string key_;
  std::string server_name_;
};

}  // namespace cli
