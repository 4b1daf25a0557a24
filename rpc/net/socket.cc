#include "rpc/net/socket.h"

#include <sys/socket.h>
#include <unistd.h>

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

}  // namespace

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

absl::Status SystemError(int error_number, const std::string& what, const std::string& address) {
  return absl::Status(CodeOf(error_number),
                      absl::StrCat(what, " ", address, ": ", SystemReason(error_number)));
}

absl::Status ConnectionError(int error_number, const std::string& peer) {
  return absl::Status(CodeOf(error_number),
                      absl::StrCat(SystemReason(error_number), " (", peer, ")"));
}

Descriptor BeginConnect(const SocketAddress& address) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool begun = socket && (connect(socket.get(), address.get(), address.size) == 0 ||
                                errno == EINPROGRESS || errno == EINTR);
  if (begun) return socket;
  const int error_number = errno;
  socket = Descriptor();
  errno = error_number;
  return socket;
}

}  // namespace rpc::net
