// Sockets as file descriptors: opened, bound, named. Every error is a sentence with the address and
// the system's reason.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/address.h"
#include "rpc/net/socket_address.h"
#include "rpc/net/socket_options.h"

namespace rpc::net {

// A file descriptor that is closed with its owner. Moved, never copied.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Leaves the closing to the caller.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// What the system says of an error: `connection refused`.
std::string SystemReason(int error_number);

// The same for an attempt to connect.
std::string ConnectReason(int error_number);

// The status for a system call on `address` that failed with `error_number`, say
// `cannot listen on tcp://127.0.0.1:80: permission denied` (PERMISSION_DENIED). The code is the one
// that helps a caller: refused, reset, unreachable and timed out are UNAVAILABLE, a port in use is
// ALREADY_EXISTS, no descriptors left is RESOURCE_EXHAUSTED; what a caller cannot act on is
// INTERNAL.
absl::Status SystemError(int error_number, const std::string& what, const std::string& address);

// The same for a connection that was there: `connection reset by peer (tcp://127.0.0.1:80)`.
absl::Status ConnectionError(int error_number, const std::string& peer);

// INVALID_ARGUMENT for options that make no sense, or not for this address.
absl::Status CheckOptions(const Address& address, const SocketOptions& options);

// Tells a socket its options. Nothing, or which one the system refused and why. Those for TCP are
// passed over on other sockets.
std::string SetOptions(int fd, const SocketOptions& options);

// RESOURCE_EXHAUSTED when there are not enough descriptors left for so many loops.
absl::Status CheckDescriptors(size_t loops);

// A bound socket for each of `count` loops, all on one address.
struct Listening {
  std::string address = {};              // as it is now, with the port that was picked
  std::vector<Descriptor> sockets = {};  // listening, non-blocking, one for each loop
};

// Opens `count` sockets on an address: with SO_REUSEPORT and one queue each for TCP and UDP, copies
// of one for unix. A port that somebody listens on already is ALREADY_EXISTS, also when they would
// share it. Port 0 picks a port, the same for all. A unix socket file that nobody listens on is
// replaced; any other file is left alone.
//
// A name with several addresses (localhost) gives one Listening for each; those that this machine
// does not have are passed over, but one at least there must be. `*` is one dual-stack socket, or
// IPv4 alone where there is no IPv6. Names are resolved here, which may take a moment.
absl::StatusOr<std::vector<Listening>> Listen(const Address& address, size_t count,
                                              const SocketOptions& options = {});

// A non-blocking stream socket that has begun to connect: writable when it is done. None, and
// *reason says why, when it cannot even begin.
Descriptor BeginConnect(const SocketAddress& address, const SocketOptions& options,
                        std::string* reason);

// A non-blocking datagram socket that sends to `address` only, and hears of nobody else. None, and
// *reason says why.
Descriptor ConnectDatagrams(const SocketAddress& address, const SocketOptions& options,
                            std::string* reason);

}  // namespace rpc::net
