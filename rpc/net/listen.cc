#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/net/socket.h"

namespace rpc::net {
namespace {

// A name with several addresses wants one free port for all of them.
constexpr int kPortTriesMax = 16;

// How the sockets of one address are opened.
struct Plan {
  Scheme scheme = Scheme::kTcp;
  std::string name = {};  // that clients are to use, as certificates are for names
  SocketOptions options = {};
  SocketAddress address = {};
  bool dual_stack = false;
  bool shared = false;  // by several sockets of ours

  bool datagrams() const { return scheme == Scheme::kUdp; }
  std::string text() const;
};

absl::Status ListenError(int error_number, const std::string& address) {
  return SystemError(error_number, "cannot listen on", address);
}

void SetOption(const Descriptor& socket, int level, int option, int value) {
  setsockopt(socket.get(), level, option, &value, sizeof(value));
}

std::string Plan::text() const {
  const std::string& host = dual_stack ? "*" : name;
  if (!host.empty()) {
    return absl::StrCat(SchemeName(scheme).data(), "://", host, ":", PortOf(address));
  }
  return ToString(address, scheme);
}

// A reply has to leave from the address that the request was sent to, whichever it was.
void TellDestinations(const Descriptor& socket, int family) {
  if (family == AF_INET6) SetOption(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (family == AF_INET) SetOption(socket, IPPROTO_IP, IP_PKTINFO, 1);
}

// Bound, or errno says why not.
Descriptor Bind(const Plan& plan) {
  const SocketAddress& address = plan.address;
  const int type = plan.datagrams() ? SOCK_DGRAM : SOCK_STREAM;
  Descriptor socket(::socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket;
  // With datagrams it would let others take the port.
  if (type == SOCK_STREAM && address.family() != AF_UNIX) {
    SetOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  }
  if (plan.datagrams()) TellDestinations(socket, address.family());
  if (plan.shared) SetOption(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family() == AF_INET6) {
    SetOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, plan.dual_stack ? 0 : 1);
  }
  if (bind(socket.get(), address.get(), address.size) == 0) return socket;
  const int error_number = errno;
  socket = Descriptor();
  errno = error_number;
  return socket;
}

// Nobody may be listening on the port yet: one who shares it is only seen by a socket that does
// not. It is never listened on, so that no connection is lost in it.
bool IsFree(Plan plan) {
  plan.shared = false;
  return static_cast<bool>(Bind(plan));
}

// On a port that nobody has: for datagrams the system may pick one that somebody shares.
Descriptor BindPicked(Plan plan) {
  const bool shared = std::exchange(plan.shared, false);
  Descriptor socket = Bind(plan);
  if (socket && shared) SetOption(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  return socket;
}

// Tells a bound socket its options, and takes connections on it.
absl::Status Open(const Descriptor& socket, const Plan& plan) {
  if (const std::string refused = SetOptions(socket.get(), plan.options); !refused.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on ", plan.text(), ": ", refused));
  }
  if (plan.datagrams() || listen(socket.get(), plan.options.backlog) == 0) return absl::OkStatus();
  return ListenError(errno, plan.text());
}

absl::StatusOr<Listening> ListenOnPort(Plan plan, size_t count) {
  plan.shared = count > 1;
  const bool picked = PortOf(plan.address) == 0;
  if (plan.shared && !picked && !IsFree(plan)) return ListenError(errno, plan.text());
  Listening listening;
  for (size_t i = 0; i < count; ++i) {
    Descriptor socket = i == 0 && picked ? BindPicked(plan) : Bind(plan);
    if (!socket) return ListenError(errno, plan.text());
    SetPort(&plan.address, PortOf(LocalAddress(socket.get())));
    listening.sockets.push_back(std::move(socket));
  }
  listening.address = plan.text();
  for (const Descriptor& socket : listening.sockets) {
    if (absl::Status s = Open(socket, plan); !s.ok()) return s;
  }
  return listening;
}

// Whether this machine does not have the address at all.
bool IsAbsent(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsUnimplemented(status);
}

absl::StatusOr<std::vector<Listening>> ListenOnEach(std::vector<SocketAddress> addresses, Plan plan,
                                                    size_t count) {
  std::vector<Listening> all;
  absl::Status absent;
  for (size_t i = 0; i < addresses.size(); ++i) {
    plan.address = addresses[i];
    absl::StatusOr<Listening> one = ListenOnPort(plan, count);
    if (!one.ok() && !IsAbsent(one.status())) return one.status();
    if (!one.ok()) {
      absent.Update(one.status());
      continue;
    }
    const uint16_t port = PortOf(LocalAddress(one->sockets[0].get()));
    for (SocketAddress& each : addresses) SetPort(&each, port);
    all.push_back(*std::move(one));
  }
  if (all.empty()) return absent;
  return all;
}

absl::StatusOr<std::vector<Listening>> ListenOnAny(const Address& address, Plan plan,
                                                   size_t count) {
  sockaddr_in6 any = {};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(address.port);
  plan.dual_stack = true;
  *reinterpret_cast<sockaddr_in6*>(&plan.address.storage) = any;
  plan.address.size = sizeof(any);
  absl::StatusOr<Listening> listening = ListenOnPort(plan, count);
  if (!listening.ok() && IsAbsent(listening.status())) {
    const Address ipv4 = {.scheme = plan.scheme, .host = "0.0.0.0", .port = address.port};
    return Listen(ipv4, count, plan.options);
  }
  if (!listening.ok()) return listening.status();
  std::vector<Listening> all;
  all.push_back(*std::move(listening));
  return all;
}

absl::StatusOr<std::vector<SocketAddress>> Lookup(const Address& address) {
  if (auto known = AddressWithoutLookup(address); known.has_value()) {
    if (!known->ok()) return known->status();
    return std::vector<SocketAddress>{**known};
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", ToString(address),
                                               ": cannot resolve \"", address.host,
                                               "\": ", gai_strerror(failed)));
  }
  std::vector<SocketAddress> addresses = AddressesFound(found, address.port);
  freeaddrinfo(found);
  return addresses;
}

absl::StatusOr<std::vector<Listening>> ListenOnHost(const Address& address, const Plan& plan,
                                                    size_t count) {
  absl::StatusOr<std::vector<SocketAddress>> addresses = Lookup(address);
  if (!addresses.ok()) return addresses.status();
  for (int i = 1;; ++i) {
    absl::StatusOr<std::vector<Listening>> all = ListenOnEach(*addresses, plan, count);
    const bool port_taken = address.port == 0 && absl::IsAlreadyExists(all.status());
    if (!port_taken || i == kPortTriesMax) return all;
  }
}

// Whether the file is a socket that nobody listens on; errno says why not.
bool IsStale(const SocketAddress& address) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket && connect(socket.get(), address.get(), address.size) == 0) errno = EADDRINUSE;
  return socket && errno == ECONNREFUSED;
}

// Bound, after a stale socket file has been removed.
absl::StatusOr<Descriptor> BindUnix(const Plan& plan, const std::string& path) {
  Descriptor socket = Bind(plan);
  if (socket) return socket;
  const std::string text = ToString(plan.address);
  struct stat file = {};
  const bool in_the_way = errno == EADDRINUSE && path[0] == '/' && lstat(path.c_str(), &file) == 0;
  if (!in_the_way) return ListenError(errno, text);
  if (!S_ISSOCK(file.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat("cannot listen on ", text, ": there is a file that is not a socket"));
  }
  if (!IsStale(plan.address)) return ListenError(errno == EACCES ? EACCES : EADDRINUSE, text);
  if (unlink(path.c_str()) == 0) socket = Bind(plan);
  if (!socket) return ListenError(errno, text);
  return socket;
}

absl::StatusOr<std::vector<Listening>> ListenUnix(const Address& address, Plan plan, size_t count) {
  const std::string text = ToString(address);
  const absl::StatusOr<SocketAddress> name = *AddressWithoutLookup(address);
  if (!name.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on ", text, ": ", std::string(name.status().message())));
  }
  plan.address = *name;
  absl::StatusOr<Descriptor> socket = BindUnix(plan, address.path);
  if (!socket.ok()) return socket.status();
  // Nobody can connect before it listens: the file is never open to more than it is to be.
  const int permissions = plan.options.unix_permissions;
  if (permissions >= 0 && address.path[0] == '/' &&
      chmod(address.path.c_str(), static_cast<mode_t>(permissions)) != 0) {
    return SystemError(errno, "cannot set the permissions of", text);
  }
  if (absl::Status s = Open(*socket, plan); !s.ok()) return s;
  std::vector<Listening> all(1);
  all[0].address = text;
  for (size_t i = 1; i < count; ++i) {
    Descriptor copy(fcntl(socket->get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return ListenError(errno, text);
    all[0].sockets.push_back(std::move(copy));
  }
  all[0].sockets.push_back(*std::move(socket));
  return all;
}

}  // namespace

absl::StatusOr<std::vector<Listening>> Listen(const Address& address, size_t count,
                                              const SocketOptions& options) {
  if (absl::Status s = CheckOptions(address, options); !s.ok()) return s;
  Plan plan = {.scheme = address.scheme, .options = options};
  const bool named = address.scheme == Scheme::kTls && address.host != "*" &&
                     !AddressWithoutLookup(address).has_value();
  if (named) plan.name = address.host;
  if (address.scheme == Scheme::kUnix) return ListenUnix(address, plan, count);
  if (address.host == "*") return ListenOnAny(address, plan, count);
  return ListenOnHost(address, plan, count);
}

}  // namespace rpc::net
