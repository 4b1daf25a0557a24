// Stands between clients and a server: passes on what each sends, as it is, and lets a watcher see
// it.
//
//     Proxy proxy(&loop, {.to = *address}, &watcher);
//     if (absl::Status s = proxy.Listen(*listen_address); !s.ok()) ...
//     loop.Run();
//
// What one side sends waits for the other to take it: while that does not, it is not read. So a
// connection costs two buffers of kBufferSize, whatever passes. Where it listens with a certificate
// it takes TLS only, and sees what is inside.
//
// Threads: the loop's. Lifetime: the loop and the watcher outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "rpc/net/address.h"
#include "rpc/net/connector.h"
#include "rpc/net/gate.h"
#include "rpc/net/listener.h"
#include "rpc/net/loop.h"
#include "rpc/net/tls.h"
#include "services/cli/frame_log.h"

namespace cli {

struct ProxyOptions {
  rpc::net::Address to;
  std::optional<rpc::net::Tls> tls = {};         // for connecting
  std::optional<rpc::net::Tls> listen_tls = {};  // for who connects to us
  size_t connections_max = 1'000;                // more are closed at once
};

// Called within a turn of the loop.
class ProxyWatcher {
 public:
  // Connections are numbered from 1.
  virtual void OnOpened(uint32_t connection, const std::string& by) = 0;
  virtual void OnBytes(uint32_t connection, Direction direction, std::string_view bytes) = 0;
  virtual void OnEnded(uint32_t connection, Direction direction) = 0;
  // Both sides have said all, or one has failed as `why` says.
  virtual void OnClosed(uint32_t connection, const absl::Status& why) = 0;
  // Who did not get in.
  virtual void OnRefused(const absl::Status& why) = 0;

 protected:
  ~ProxyWatcher() = default;
};

class Proxy final : private rpc::net::Gate::User {
 public:
  static constexpr size_t kBufferSize = 64 << 10;

  Proxy(rpc::net::Loop* loop, ProxyOptions options, ProxyWatcher* watcher);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  absl::Status Listen(const rpc::net::Address& address);
  // As they are, with ports that were picked.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  class Link;

  void OnSecure(std::unique_ptr<rpc::net::Transport> transport) override;
  void OnPlain(std::unique_ptr<rpc::net::Transport> transport, std::string_view) override;
  void OnTurnedAway(const absl::Status& why) override;

  void Accept(std::unique_ptr<rpc::net::Transport> transport);

  rpc::net::Loop* const loop_;
  const ProxyOptions options_;
  ProxyWatcher* const watcher_;
  std::optional<rpc::net::Gate> gate_;
  std::vector<std::unique_ptr<rpc::net::Listener>> listeners_;
  std::vector<std::string> addresses_;
  std::list<std::unique_ptr<Link>> links_;
  uint32_t connections_ = 0;
};

}  // namespace cli
