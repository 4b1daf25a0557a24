#include "tests/bench/peers/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

constexpr int kBacklog = 4096;

struct SystemAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SystemAddress ToSystem(const Address& address) {
  SystemAddress system;
  if (address.is_unix()) {
    auto* const un = reinterpret_cast<sockaddr_un*>(&system.storage);
    un->sun_family = AF_UNIX;
    if (address.path.size() >= sizeof(un->sun_path)) GiveUp("the path is too long for a socket");
    std::memcpy(un->sun_path, address.path.data(), address.path.size());
    system.size = sizeof(sockaddr_un);
  } else {
    auto* const in = reinterpret_cast<sockaddr_in*>(&system.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(address.port);
    if (inet_pton(AF_INET, address.host.c_str(), &in->sin_addr) != 1) {
      GiveUp(address.host + " is no IPv4 address");
    }
    system.size = sizeof(sockaddr_in);
  }
  return system;
}

int Open(const Address& address, const std::string& congestion) {
  const int fd = socket(address.is_unix() ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) GiveUp("cannot make a socket");
  if (!congestion.empty() && !address.is_unix() &&
      setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion.data(),
                 static_cast<socklen_t>(congestion.size())) != 0) {
    GiveUp("cannot use the congestion control " + congestion);
  }
  return fd;
}

}  // namespace

void GiveUp(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

Address ReadAddress(const std::string& text) {
  constexpr size_t kSchemeSize = 6;  // of tcp://
  if (text.rfind("unix:///", 0) == 0) return {.path = text.substr(7)};
  const size_t colon = text.rfind(':');
  if (text.rfind("tcp://", 0) != 0 || colon < kSchemeSize) {
    std::fprintf(stderr, "%s: an address is tcp://HOST:PORT or unix:///PATH\n", text.c_str());
    std::exit(2);
  }
  return {.host = text.substr(kSchemeSize, colon - kSchemeSize),
          .port = static_cast<uint16_t>(std::atoi(text.c_str() + colon + 1))};
}

int ListenOn(std::string* address, const std::string& congestion) {
  Address read = ReadAddress(*address);
  const int fd = Open(read, congestion);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (read.is_unix()) unlink(read.path.c_str());
  SystemAddress system = ToSystem(read);
  if (bind(fd, system.get(), system.size) != 0 || listen(fd, kBacklog) != 0) {
    GiveUp("cannot listen on " + *address);
  }
  if (!read.is_unix()) {
    getsockname(fd, system.get(), &system.size);
    const uint16_t port = ntohs(reinterpret_cast<sockaddr_in*>(&system.storage)->sin_port);
    *address = "tcp://" + read.host + ":" + std::to_string(port);
  }
  return fd;
}

int ConnectTo(const std::string& address, const std::string& congestion) {
  const Address read = ReadAddress(address);
  const int fd = Open(read, congestion);
  SystemAddress system = ToSystem(read);
  if (connect(fd, system.get(), system.size) != 0) GiveUp("cannot connect to " + address);
  if (!read.is_unix()) SetNoDelay(fd);
  return fd;
}

void SetNoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void SetNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace bench
