#include "rpc/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

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

const char* SetTcpOptions(int fd, const SocketOptions& options) {
  if (options.no_delay && !SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)) return "TCP_NODELAY";
  if (options.keepalive_idle > absl::ZeroDuration()) {
    if (!SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1)) return "SO_KEEPALIVE";
    if (!SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, Seconds(options.keepalive_idle))) {
      return "TCP_KEEPIDLE";
    }
    if (!SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, Seconds(options.keepalive_interval))) {
      return "TCP_KEEPINTVL";
    }
    if (!SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_count)) return "TCP_KEEPCNT";
  }
  const int64_t user_timeout_ms = absl::ToInt64Milliseconds(options.user_timeout);
  if (user_timeout_ms > 0 &&
      !SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                 static_cast<int>(std::min<int64_t>(user_timeout_ms, INT32_MAX)))) {
    return "TCP_USER_TIMEOUT";
  }
  const std::string_view congestion = options.congestion == nullptr ? "" : options.congestion;
  if (!congestion.empty() && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion.data(),
                                        static_cast<socklen_t>(congestion.size())) != 0) {
    return "TCP_CONGESTION";
  }
  return nullptr;
}

bool IsTcp(int fd) {
  int protocol = 0;
  socklen_t size = sizeof(protocol);
  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == IPPROTO_TCP;
}

}  // namespace

const char* SetOptions(int fd, const SocketOptions& options) {
  if (options.send_buffer_size > 0 &&
      !SetOption(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer_size)) {
    return "SO_SNDBUF";
  }
  if (options.receive_buffer_size > 0 &&
      !SetOption(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_size)) {
    return "SO_RCVBUF";
  }
  return IsTcp(fd) ? SetTcpOptions(fd, options) : nullptr;
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
  const char* refused = socket ? SetOptions(socket.get(), options) : nullptr;
  const bool begun = socket && refused == nullptr &&
                     (connect(socket.get(), address.get(), address.size) == 0 ||
                      errno == EINPROGRESS || errno == EINTR);
  if (begun) return socket;
  *reason = refused == nullptr ? ConnectReason(errno)
                               : absl::StrCat("cannot set ", refused, ": ", SystemReason(errno));
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
