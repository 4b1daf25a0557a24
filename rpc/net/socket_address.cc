#include "rpc/net/socket_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rpc::net {
namespace {

constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr size_t kPathSizeMax = sizeof(sockaddr_un::sun_path) - 1;

SocketAddress Copy(const sockaddr* address, socklen_t size) {
  SocketAddress copy;
  std::memcpy(&copy.storage, address, size);
  copy.size = size;
  return copy;
}

std::string UnixText(const SocketAddress& address) {
  if (address.size <= kPathOffset) return "unix:";
  const char* path = reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path;
  const size_t size = address.size - kPathOffset;
  if (path[0] == '\0') return absl::StrCat("unix:@", std::string(path + 1, size - 1));
  return absl::StrCat("unix://", std::string(path, strnlen(path, size)));
}

// An IPv4 address that a dual-stack socket shows as an IPv6 one, as itself.
SocketAddress Unmapped(const SocketAddress& address) {
  const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  if (address.family() != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) return address;
  sockaddr_in ipv4 = {};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = ipv6->sin6_port;
  std::memcpy(&ipv4.sin_addr, &ipv6->sin6_addr.s6_addr[12], sizeof(ipv4.sin_addr));
  return Copy(reinterpret_cast<const sockaddr*>(&ipv4), sizeof(ipv4));
}

std::string IpText(const SocketAddress& mapped, Scheme scheme) {
  const SocketAddress address = Unmapped(mapped);
  char host[NI_MAXHOST] = "?";
  char port[NI_MAXSERV] = "?";
  getnameinfo(address.get(), address.size, host, sizeof(host), port, sizeof(port),
              NI_NUMERICHOST | NI_NUMERICSERV);
  const bool brackets = address.family() == AF_INET6;
  return absl::StrCat(SchemeName(scheme).data(), "://", brackets ? "[" : "", host,
                      brackets ? "]" : "", ":", port);
}

absl::StatusOr<SocketAddress> UnixAddress(const Address& address) {
  const std::string& path = address.path;
  const bool abstract = path.starts_with('@');
  if (path.size() > kPathSizeMax + (abstract ? 1 : 0)) {
    return absl::InvalidArgumentError(absl::StrCat(abstract ? "the name" : "the path", " has ",
                                                   path.size() - (abstract ? 1 : 0),
                                                   " bytes; at most ", kPathSizeMax));
  }
  sockaddr_un made = {};
  made.sun_family = AF_UNIX;
  std::memcpy(made.sun_path, path.data(), path.size());
  if (abstract) made.sun_path[0] = '\0';
  // A path ends with a zero byte; an abstract name ends where the address does.
  const size_t size = kPathOffset + path.size() + (abstract ? 0 : 1);
  return Copy(reinterpret_cast<const sockaddr*>(&made), static_cast<socklen_t>(size));
}

}  // namespace

// It is at the same place in both families.
uint16_t PortOf(const SocketAddress& address) {
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

void SetPort(SocketAddress* address, uint16_t port) {
  reinterpret_cast<sockaddr_in*>(&address->storage)->sin_port = htons(port);
}

std::string ToString(const SocketAddress& address, Scheme scheme) {
  if (address.family() == AF_UNIX) return UnixText(address);
  return IpText(address, scheme);
}

std::optional<absl::StatusOr<SocketAddress>> AddressWithoutLookup(const Address& address) {
  if (address.scheme == Scheme::kUnix) return UnixAddress(address);
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  const SocketAddress first = AddressesFound(found, address.port).front();
  freeaddrinfo(found);
  return first;
}

std::vector<SocketAddress> AddressesFound(const addrinfo* found, uint16_t port) {
  std::vector<SocketAddress> addresses;
  for (; found != nullptr; found = found->ai_next) {
    if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
    addresses.push_back(Copy(found->ai_addr, found->ai_addrlen));
    SetPort(&addresses.back(), port);
  }
  // Each next place goes to the first that is left of the other family, if there is one.
  for (size_t i = 1; i < addresses.size(); ++i) {
    const int last = addresses[i - 1].family();
    const auto place = addresses.begin() + static_cast<ptrdiff_t>(i);
    const auto other = std::find_if(place, addresses.end(), [last](const SocketAddress& each) {
      return each.family() != last;
    });
    if (other != addresses.end()) std::rotate(place, other, other + 1);
  }
  return addresses;
}

SocketAddress LocalAddress(int fd) {
  SocketAddress address;
  socklen_t size = sizeof(address.storage);
  if (getsockname(fd, address.get(), &size) == 0) address.size = size;
  return address;
}

SocketAddress PeerAddress(int fd) {
  SocketAddress address;
  socklen_t size = sizeof(address.storage);
  if (getpeername(fd, address.get(), &size) == 0) address.size = size;
  return address;
}

}  // namespace rpc::net
