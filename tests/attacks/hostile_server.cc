#include "tests/attacks/hostile_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace rpc::attacks {
namespace {

// How soon a thread sees that the server is to end.
constexpr int kLookMs = 10;

constexpr size_t kLengthSize = 4;
// More than a client's frames have.
constexpr size_t kReceivedMax = 200'000;

size_t HeaderSize(std::string_view frame) {
  size_t size = 0;
  for (size_t i = 0; i < kLengthSize; ++i) size = size << 8 | static_cast<uint8_t>(frame[i]);
  return size;
}

bool TryLater() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

HostileConnection::HostileConnection(HostileServer* server, net::Descriptor socket)
    : server_(server), socket_(std::move(socket)) {}

bool HostileConnection::AwaitCalls(size_t count) {
  while (Read() && calls_.size() < count) Wait(POLLIN);
  return !ended_;
}

bool HostileConnection::Send(std::string_view bytes) {
  while (!bytes.empty() && Read()) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (TryLater()) {
      Wait(POLLIN | POLLOUT);
    } else {
      ended_ = true;
    }
  }
  return !ended_;
}

bool HostileConnection::SendSlowly(std::string_view bytes, absl::Duration pause) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (!Send(bytes.substr(i, 1)) || !ReadFor(pause)) return false;
  }
  return true;
}

bool HostileConnection::ReadFor(absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  while (Read() && absl::Now() < end) Wait(POLLIN);
  return !ended_;
}

void HostileConnection::RestFor(absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  while (!server_->stopping_ && absl::Now() < end) absl::SleepFor(absl::Milliseconds(kLookMs));
}

bool HostileConnection::Read() {
  char buffer[16 << 10];
  while (!ended_) {
    const ssize_t size = recv(socket_.get(), buffer, sizeof(buffer), 0);
    if (size < 0 && TryLater()) break;
    ended_ = size <= 0;
    if (ended_) break;
    received_.append(buffer, static_cast<size_t>(size));
    TakeFrames();
  }
  if (server_->stopping_) ended_ = true;
  return !ended_;
}

void HostileConnection::TakeFrames() {
  size_t taken = 0;
  while (received_.size() - taken >= kLengthSize) {
    const std::string_view rest = std::string_view(received_).substr(taken);
    const size_t header_size = HeaderSize(rest);
    if (rest.size() < kLengthSize + header_size) break;
    wire::HeaderRecord header;
    if (!header.ParseFromArray(&rest[kLengthSize], static_cast<int>(header_size))) break;
    const size_t size = kLengthSize + header_size + header.size();
    if (rest.size() < size) break;
    Take(header);
    taken += size;
  }
  received_.erase(0, taken);
  if (received_.size() > kReceivedMax) received_.clear();  // TLS, say
}

void HostileConnection::Take(const wire::HeaderRecord& header) {
  if (header.kind() == wire::HeaderRecord::CALL) calls_.push_back(header.call());
  server_->Note([&](HostileServer::Seen& seen) {
    seen.calls += header.kind() == wire::HeaderRecord::CALL;
    seen.cancels += header.kind() == wire::HeaderRecord::CANCEL;
    seen.pongs += header.kind() == wire::HeaderRecord::PONG;
    seen.goaways += header.kind() == wire::HeaderRecord::GOAWAY;
    if (header.kind() == wire::HeaderRecord::GOAWAY) seen.goaway_code = header.code();
  });
}

void HostileConnection::Wait(short events) {
  pollfd one = {.fd = socket_.get(), .events = events, .revents = 0};
  poll(&one, 1, kLookMs);
}

HostileServer::HostileServer(Script script)
    : script_(std::move(script)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in here = {};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(here);
  auto* const address = reinterpret_cast<sockaddr*>(&here);
  EXPECT_EQ(bind(listener_.get(), address, size), 0);
  EXPECT_EQ(listen(listener_.get(), 100), 0);
  EXPECT_EQ(getsockname(listener_.get(), address, &size), 0);
  port_ = ntohs(here.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

HostileServer::~HostileServer() {
  stopping_ = true;
  accepting_.join();
  for (std::thread& connection : connections_) connection.join();
}

HostileServer::Seen HostileServer::seen() const {
  std::lock_guard lock(mutex_);
  return seen_;
}

void HostileServer::Note(const std::function<void(Seen&)>& note) {
  std::lock_guard lock(mutex_);
  note(seen_);
}

void HostileServer::Accept() {
  while (!stopping_) {
    pollfd one = {.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (poll(&one, 1, kLookMs) <= 0) continue;
    net::Descriptor socket(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) continue;
    Note([](Seen& seen) { ++seen.connections; });
    connections_.emplace_back(
        [this, socket = std::move(socket)]() mutable { Serve(std::move(socket)); });
  }
}

void HostileServer::Serve(net::Descriptor socket) {
  {
    HostileConnection connection(this, std::move(socket));
    script_(connection);
    Note([](Seen& seen) { ++seen.scripts_ended; });
    while (connection.ReadFor(absl::Hours(1))) continue;
  }
  Note([](Seen& seen) { ++seen.connections_ended; });
}

}  // namespace rpc::attacks
