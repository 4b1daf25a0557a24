#include "tests/support/raw_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

#include "absl/time/clock.h"
#include "rpc/net/address.h"
#include "rpc/net/socket_address.h"

namespace rpc {

RawSocket::RawSocket(Family family)
    : socket_(socket(family == Family::kTcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

bool RawSocket::Connect(std::string_view address) {
  const auto parsed = net::ParseAddress(address);
  if (!parsed.ok()) return false;
  const auto there = net::AddressWithoutLookup(*parsed);
  if (!there.has_value() || !there->ok()) return false;
  return connect(socket_.get(), (*there)->get(), (*there)->size) == 0;
}

bool RawSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawSocket::CloseWriting() { shutdown(socket_.get(), SHUT_WR); }

std::string RawSocket::Read(size_t size, absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  std::string bytes;
  while (bytes.size() < size && ReadSome(size - bytes.size(), end, &bytes)) continue;
  return bytes;
}

std::optional<std::string> RawSocket::ReadUntilEnd(absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  std::string bytes;
  while (ReadSome(SIZE_MAX, end, &bytes)) continue;
  if (!ended_) return std::nullopt;
  return bytes;
}

bool RawSocket::ReadSome(size_t size_max, absl::Time end, std::string* bytes) {
  const auto left_ms = absl::ToInt64Milliseconds(end - absl::Now());
  pollfd one = {.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (left_ms <= 0 || poll(&one, 1, static_cast<int>(left_ms)) <= 0) return false;
  char buffer[16 << 10];
  const ssize_t size = recv(socket_.get(), buffer, std::min(size_max, sizeof(buffer)), 0);
  ended_ = size <= 0;
  if (!ended_) bytes->append(buffer, static_cast<size_t>(size));
  return !ended_;
}

}  // namespace rpc
