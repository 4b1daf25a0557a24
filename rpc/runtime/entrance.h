// One listener of a server on one loop, and by what rules connections come in there.
//
// Internal. Threads: belongs to its loop.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "rpc/net/gate.h"
#include "rpc/net/listener.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket.h"
#include "rpc/net/tls.h"
#include "rpc/net/transport.h"
#include "rpc/session/limits.h"

namespace rpc::runtime {

class ServerLoop;

// What all entrances of an address have in common.
struct EntranceRules {
  std::optional<net::Tls> tls = {};
  bool plain_allowed = false;  // besides TLS
  net::Gate::Rules gate = {};
  session::Limits limits = {};         // of plain connections
  session::Limits secure_limits = {};  // of those over TLS
};

class Entrance final : private net::Gate::User {
 public:
  // REQUIRES: `rules` outlives the entrance.
  Entrance(ServerLoop* server, net::Descriptor socket, const EntranceRules* rules);

  // Accepts nobody any more. Those who shake hands may finish, for a second.
  void Close();
  // Whether nobody is on their way in.
  bool empty() const { return !gate_.has_value() || gate_->empty(); }

 private:
  void OnSecure(std::unique_ptr<net::Transport> transport) override;
  void OnPlain(std::unique_ptr<net::Transport> transport, std::string_view first_bytes) override;
  void OnTurnedAway(const absl::Status& why) override;
  void OnAccept(net::Descriptor socket);
  void TellSometimes(const absl::Status& why);

  ServerLoop* server_;
  const EntranceRules* rules_;
  std::optional<net::Gate> gate_;
  std::optional<net::Listener> listener_;
  uint64_t untold_ = 0;  // handshakes that failed since the last line about them
  net::TimeUs told_us_ = 0;
};

}  // namespace rpc::runtime
