#include "tests/attacks/attacker.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/echo/echo.rpc.h"
#include "tests/session/hand_frames.h"
#include "tests/support/eventually.h"

namespace rpc::attacks {
namespace {

constexpr size_t kKept = 4 << 10;

bool TryLater() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Attacker::Attacker(const std::string& address)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in there = {};
  there.sin_family = AF_INET;
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  there.sin_port = htons(static_cast<uint16_t>(std::atoi(&address[address.rfind(':') + 1])));
  ended_ = connect(socket_.get(), reinterpret_cast<sockaddr*>(&there), sizeof(there)) != 0;
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
}

bool Attacker::Send(std::string_view bytes, absl::Duration timeout) {
  absl::Time end = absl::Now() + timeout;
  while (!bytes.empty() && Read()) {
    const size_t sent = SendUnread(bytes);
    bytes.remove_prefix(sent);
    if (sent > 0) end = absl::Now() + timeout;
    if (!bytes.empty() && !Wait(POLLIN | POLLOUT, end)) return false;
  }
  return !ended_;
}

size_t Attacker::SendUnread(std::string_view bytes) {
  const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && !TryLater()) ended_ = true;
  return sent < 0 ? 0 : static_cast<size_t>(sent);
}

void Attacker::ReadByte() {
  char byte;
  const ssize_t size = recv(socket_.get(), &byte, sizeof(byte), 0);
  if (size > 0) ++received_size_;
  if (size == 0 || (size < 0 && !TryLater())) ended_ = true;
}

bool Attacker::Read() {
  char buffer[16 << 10];
  while (!ended_) {
    const ssize_t size = recv(socket_.get(), buffer, sizeof(buffer), 0);
    if (size < 0 && TryLater()) break;
    ended_ = size <= 0;
    if (ended_) break;
    received_size_ += static_cast<size_t>(size);
    last_received_.append(buffer, static_cast<size_t>(size));
    if (last_received_.size() > kKept) last_received_.erase(0, last_received_.size() - kKept);
  }
  return !ended_;
}

bool Attacker::ReadUntilEnd(absl::Duration timeout) {
  ReadUntil(UINT64_MAX, timeout);
  return ended_;
}

bool Attacker::ReadUntil(uint64_t count, absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  while (Read() && received_size_ < count && Wait(POLLIN, end)) continue;
  return received_size_ >= count;
}

bool Attacker::IsServed(uint64_t call, absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  echo::SayRequest request;
  request.set_text(absl::StrCat("call ", call));
  Send(session::hand::Call(call, echo::Echo::kUpper, request.SerializeAsString()), timeout);
  const std::string reply = absl::StrCat("CALL ", call);
  while (Read() && last_received_.find(reply) == std::string::npos && Wait(POLLIN, end)) continue;
  return last_received_.find(reply) != std::string::npos;
}

bool Attacker::Wait(short events, absl::Time end) const {
  const int64_t left_ms = absl::ToInt64Milliseconds(end - absl::Now());
  pollfd one = {.fd = socket_.get(), .events = events, .revents = 0};
  return left_ms > 0 && poll(&one, 1, static_cast<int>(left_ms)) > 0;
}

Attackers Connect(const std::string& address, int count) {
  Attackers attackers;
  for (int i = 0; i < count; ++i) attackers.emplace_back(address);
  return attackers;
}

int Remaining(Attackers& attackers) {
  return static_cast<int>(std::count_if(attackers.begin(), attackers.end(),
                                        [](Attacker& attacker) { return attacker.Read(); }));
}

bool AllEnd(Attackers& attackers, absl::Duration timeout) {
  return Eventually([&] { return Remaining(attackers) == 0; }, timeout);
}

}  // namespace rpc::attacks
