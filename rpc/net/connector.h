// Connects to an address: resolves it, then tries all that it finds, each next one 250 ms after the
// last or as soon as that has failed, until one is connected; and shakes hands where that is asked.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "rpc/net/address.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket_address.h"
#include "rpc/net/socket_options.h"
#include "rpc/net/tls.h"
#include "rpc/net/transport.h"

namespace rpc::net {

struct ConnectOptions {
  SocketOptions socket = {};
  std::optional<Tls> tls = {};  // connect over TLS
};

// One attempt. Destroyed before it is done, it is given up and tells nothing.
class Connector {
 public:
  using Done = std::function<void(absl::StatusOr<std::unique_ptr<Transport>>)>;

  // `done` runs on the loop, never within the constructor; it may destroy the connector. When every
  // address failed it gets UNAVAILABLE with a sentence that names each and its reason:
  //
  //     cannot connect to tcp://localhost:7000: tcp://[::1]:7000: connection refused;
  //     tcp://127.0.0.1:7000: connection refused
  //
  // After `timeout_us`, which counts from the beginning of this turn and covers the resolving and
  // the TLS handshake, it gets UNAVAILABLE too, with what was still being tried. kNever: only the
  // system sets a limit.
  Connector(Loop* loop, const Address& address, const ConnectOptions& options, TimeUs timeout_us,
            Done done);
  // The same for addresses that are known; `name` is what the sentences call them.
  Connector(Loop* loop, std::string name, const std::vector<SocketAddress>& addresses,
            TimeUs timeout_us, Done done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

 private:
  class Attempt;
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rpc::net
