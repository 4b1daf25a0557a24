#include "rpc/net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rpc::net {
namespace {

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ETIMEDOUT:
    case EAGAIN:
      return absl::StatusCode::kUnavailable;
    case EADDRINUSE:
      return absl::StatusCode::kAlreadyExists;
    case EADDRNOTAVAIL:
      return absl::StatusCode::kFailedPrecondition;
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return absl::StatusCode::kResourceExhausted;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
      return absl::StatusCode::kUnimplemented;
    default:
      return absl::StatusCode::kInternal;
  }
}

bool SetOption(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

int Seconds(absl::Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Seconds(duration), 1, 32'767));
}

std::string Refused(const char* option, const std::string& value) {
  return absl::StrCat("cannot set ", option, " to ", value, ": ", SystemReason(errno));
}

// An option that is a number. Adds to *refused what the system says, unless it has refused before.
void Set(int fd, int level, int option, const char* name, int value, std::string* refused) {
  if (refused->empty() && !SetOption(fd, level, option, value)) {
    *refused = Refused(name, absl::StrCat(value));
  }
}

void SetKeepalive(int fd, const SocketOptions& options, std::string* refused) {
  Set(fd, SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", 1, refused);
  Set(fd, IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE", Seconds(options.keepalive_idle), refused);
  Set(fd, IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL", Seconds(options.keepalive_interval),
      refused);
  Set(fd, IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT", options.keepalive_count, refused);
}

void SetTcpOptions(int fd, const SocketOptions& options, std::string* refused) {
  if (options.no_delay) Set(fd, IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", 1, refused);
  if (options.keepalive_idle > absl::ZeroDuration()) SetKeepalive(fd, options, refused);
  const int64_t user_timeout_ms = absl::ToInt64Milliseconds(options.user_timeout);
  if (user_timeout_ms > 0) {
    Set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT",
        static_cast<int>(std::min<int64_t>(user_timeout_ms, INT32_MAX)), refused);
  }
  const std::string congestion = options.congestion == nullptr ? "" : options.congestion;
  if (refused->empty() && !congestion.empty() &&
      setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion.data(),
                 static_cast<socklen_t>(congestion.size())) != 0) {
    *refused = Refused("TCP_CONGESTION", congestion);
  }
}

bool IsTcp(int fd) {
  int protocol = 0;
  socklen_t size = sizeof(protocol);
  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == IPPROTO_TCP;
}

}  // namespace

std::string SetOptions(int fd, const SocketOptions& options) {
  std::string refused;
  if (options.send_buffer_size > 0) {
    Set(fd, SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", options.send_buffer_size, &refused);
  }
  if (options.receive_buffer_size > 0) {
    Set(fd, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", options.receive_buffer_size, &refused);
  }
  if (IsTcp(fd)) SetTcpOptions(fd, options, &refused);
  return refused;
}

absl::Status CheckOptions(const Address& address, const SocketOptions& options) {
  const auto bad = [&](const std::string& what) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket options for ", ToString(address), ": ", what));
  };
  const int permissions = options.unix_permissions;
  if (permissions >= 0 && !address.path.starts_with('/')) {
    return bad("unix_permissions are for unix:///PATH: only a file has them");
  }
  if (permissions < -1 || permissions > 0777) {
    return bad(absl::StrFormat("unix_permissions are from 0 to 0777, not 0%o", permissions));
  }
  if (options.send_buffer_size < 0 || options.receive_buffer_size < 0) {
    return bad(absl::StrCat("a buffer cannot have ",
                            std::min(options.send_buffer_size, options.receive_buffer_size),
                            " bytes"));
  }
  if (options.backlog < 1) return bad(absl::StrCat("backlog is 1 or more, not ", options.backlog));
  return absl::OkStatus();
}

absl::Status CheckDescriptors(size_t loops) {
  // For libuv's epoll, its wake-ups and its signals, and for one connection.
  constexpr size_t kEach = 6;
  std::vector<Descriptor> probes;
  for (size_t i = 0; i < loops * kEach; ++i) {
    probes.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (probes.back()) continue;
    return absl::ResourceExhaustedError(
        absl::StrCat("too few file descriptors for ", loops, " loops: ", SystemReason(errno),
                     "; `ulimit -n` tells and sets how many there are"));
  }
  return absl::OkStatus();
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  const Descriptor closed_after(std::exchange(fd_, other.Release()));
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string SystemReason(int error_number) {
  char buffer[128];
  std::string reason = strerror_r(error_number, buffer, sizeof(buffer));
  reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  return reason;
}

std::string ConnectReason(int error_number) {
  // Only a unix socket says this, instead of letting the caller wait.
  if (error_number == EAGAIN) return "the listener's queue is full";
  return SystemReason(error_number);
}

absl::Status SystemError(int error_number, const std::string& what, const std::string& address) {
  return absl::Status(CodeOf(error_number),
                      absl::StrCat(what, " ", address, ": ", SystemReason(error_number)));
}

absl::Status ConnectionError(int error_number, const std::string& peer) {
  return absl::Status(CodeOf(error_number),
                      absl::StrCat(SystemReason(error_number), " (", peer, ")"));
}

// A socket of that type that is connected to the address, or about to be.
static Descriptor OpenTo(const SocketAddress& address, int type, const SocketOptions& options,
                         std::string* reason) {
  Descriptor socket(::socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  *reason = socket ? SetOptions(socket.get(), options) : "";
  const bool begun = socket && reason->empty() &&
                     (connect(socket.get(), address.get(), address.size) == 0 ||
                      errno == EINPROGRESS || errno == EINTR);
  if (begun) return socket;
  if (reason->empty()) *reason = ConnectReason(errno);
  return Descriptor();
}

Descriptor BeginConnect(const SocketAddress& address, const SocketOptions& options,
                        std::string* reason) {
  return OpenTo(address, SOCK_STREAM, options, reason);
}

Descriptor ConnectDatagrams(const SocketAddress& address, const SocketOptions& options,
                            std::string* reason) {
  return OpenTo(address, SOCK_DGRAM, options, reason);
}

}  // namespace rpc::net
