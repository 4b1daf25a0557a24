// Addresses as the system's calls take them, and what is known of an Address without asking
// anybody.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/net/address.h"

struct addrinfo;

namespace rpc::net {

// One socket address of the system: what a name resolves to.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// `tcp://127.0.0.1:80`, `tcp://[::1]:80`, `unix:///path`, `unix:@name`, `unix:` for an unnamed one.
// With another scheme, that for `tcp`.
std::string ToString(const SocketAddress& address, Scheme scheme = Scheme::kTcp);

// An address that names no host: a path, or an IP address in digits. Nothing when the host has to
// be looked up; INVALID_ARGUMENT for a path that is too long. `*` is looked up in vain.
std::optional<absl::StatusOr<SocketAddress>> AddressWithoutLookup(const Address& address);

// What a lookup has found, with `port`, in the system's order, but the families taking turns.
std::vector<SocketAddress> AddressesFound(const addrinfo* found, uint16_t port);

// The port of an IP address.
uint16_t PortOf(const SocketAddress& address);
void SetPort(SocketAddress* address, uint16_t port);

// The two ends of a socket; of size 0 when it has none.
SocketAddress LocalAddress(int fd);
SocketAddress PeerAddress(int fd);

}  // namespace rpc::net
