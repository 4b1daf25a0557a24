#include "rpc/net/socket_transport.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "rpc/net/watch.h"

namespace rpc::net {
namespace {

// Reads of one turn: others want their turn too.
constexpr int kReadsMax = 4;
// Pieces of one system call; the system takes at most 1024.
constexpr size_t kPiecesMax = 256;

// Of a unix socket; of others nothing yet.
std::shared_ptr<const Peer> UnixPeer(int fd) {
  const SocketAddress address = PeerAddress(fd);
  if (address.family() != AF_UNIX) return nullptr;
  auto peer = std::make_shared<Peer>();
  peer->address = ToString(address);
  if (peer->address == "unix:") peer->address = ToString(LocalAddress(fd));
  ucred process = {};
  socklen_t size = sizeof(process);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &process, &size) == 0) {
    peer->credentials = PeerCredentials{process.pid, process.uid, process.gid};
  }
  return peer;
}

class SocketTransport final : public Transport, private Watch::User {
 public:
  SocketTransport(Loop* loop, Descriptor socket);
  ~SocketTransport() override;

  void Start(Transport::User* user) override;
  void SetReading(bool on) override;
  size_t Write(std::span<const wire::Piece> pieces) override;
  absl::Status failure() const override { return failure_; }
  void CloseWriting() override;

 private:
  std::shared_ptr<const Peer> FindPeer() const override;
  void OnEvents(int events) override;
  void Read(const bool& gone);
  void OnNoInput(ssize_t result, int error_number);
  void End();
  // Tells how many bytes were taken; all, when that fails the connection.
  size_t Send(std::span<const wire::Piece> pieces);
  void Fail(int error_number);
  void WatchWhatMatters();

  Transport::User* user_ = nullptr;
  Watch watch_;
  bool* gone_ = nullptr;  // set when this is destroyed, if somebody wants to know
  absl::Status failure_;  // nothing is written any more; told when all input has been read
  // Of the peer, also in the form of IPv4; a socket that has failed does not know it any more.
  sockaddr_in6 ip_ = {};
  bool reading_ = false;
  bool ended_ = false;    // there is no more input
  bool blocked_ = false;  // OnWritable is due
};

static_assert(sizeof(SocketTransport) <= 104, "an idle connection is to cost little memory");

SocketTransport::SocketTransport(Loop* loop, Descriptor socket)
    : Transport(UnixPeer(socket.get())), watch_(loop, std::move(socket), this) {
  const SocketAddress address = PeerAddress(watch_.fd());
  std::memcpy(&ip_, &address.storage, std::min<size_t>(address.size, sizeof(ip_)));
  if (watch_.failure() != 0) Fail(-watch_.failure());
}

std::shared_ptr<const Peer> SocketTransport::FindPeer() const {
  SocketAddress address;
  std::memcpy(&address.storage, &ip_, sizeof(ip_));
  address.size = ip_.sin6_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  auto peer = std::make_shared<Peer>();
  peer->address = ToString(address);
  return peer;
}

SocketTransport::~SocketTransport() {
  if (gone_ != nullptr) *gone_ = true;
}

void SocketTransport::Start(Transport::User* user) {
  user_ = user;
  SetReading(true);
}

void SocketTransport::SetReading(bool on) {
  reading_ = on && !ended_;
  WatchWhatMatters();
}

void SocketTransport::WatchWhatMatters() {
  int events = reading_ ? Watch::kReadable : 0;
  // A socket that has failed is writable, if nothing else.
  if (blocked_ || (reading_ && !failure_.ok())) events |= Watch::kWritable;
  watch_.Want(events);
}

void SocketTransport::OnEvents(int events) {
  bool gone = false;
  gone_ = &gone;
  const bool writable = (events & Watch::kWritable) != 0;
  if (writable && std::exchange(blocked_, false)) user_->OnWritable();
  if (gone) return;
  if ((events & Watch::kReadable) != 0 || !failure_.ok()) Read(gone);
  if (gone) return;
  gone_ = nullptr;
  WatchWhatMatters();
}

void SocketTransport::Read(const bool& gone) {
  for (int i = 0; i < kReadsMax && reading_; ++i) {
    if (i > 0) watch_.loop()->TakeTime();
    const std::span<char> space = user_->Space();
    const ssize_t result = recv(watch_.fd(), space.data(), space.size(), 0);
    if (result <= 0) return OnNoInput(result, errno);
    const auto size = static_cast<size_t>(result);
    user_->OnInput(size);
    if (gone) return;
    // Nothing is left then, or little; after a failure the rest is to be read at once.
    if (size < space.size() && failure_.ok()) return;
  }
}

void SocketTransport::OnNoInput(ssize_t result, int error_number) {
  const bool no_more_now = result < 0 && (error_number == EAGAIN || error_number == EINTR);
  if (no_more_now && (failure_.ok() || error_number == EINTR)) return;
  if (result < 0 && failure_.ok()) Fail(error_number);
  End();
}

void SocketTransport::End() {
  ended_ = true;
  reading_ = false;
  const absl::Status why = failure_;
  user_->OnInputEnd(why);
}

size_t SocketTransport::Write(std::span<const wire::Piece> pieces) {
  size_t size = 0;
  while (!pieces.empty() && failure_.ok() && !blocked_) {
    const auto some = pieces.first(std::min(pieces.size(), kPiecesMax));
    size += Send(some);
    pieces = pieces.subspan(some.size());
  }
  WatchWhatMatters();
  return size + (failure_.ok() ? 0 : SizeOf(pieces));
}

size_t SocketTransport::Send(std::span<const wire::Piece> pieces) {
  iovec parts[kPiecesMax];
  size_t size = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    parts[i] = {const_cast<char*>(pieces[i].bytes.data()), pieces[i].bytes.size()};
    size += pieces[i].bytes.size();
  }
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = pieces.size();
  ssize_t result;
  do {
    result = sendmsg(watch_.fd(), &message, MSG_NOSIGNAL);
  } while (result < 0 && errno == EINTR);
  if (result < 0 && errno != EAGAIN) {
    Fail(errno);
    return size;
  }
  const size_t sent = result < 0 ? 0 : static_cast<size_t>(result);
  blocked_ = sent < size;
  return sent;
}

void SocketTransport::Fail(int error_number) {
  failure_ = ConnectionError(error_number, peer()->address);
  blocked_ = false;
}

void SocketTransport::CloseWriting() { shutdown(watch_.fd(), SHUT_WR); }

}  // namespace

std::unique_ptr<Transport> NewSocketTransport(Loop* loop, Descriptor socket) {
  return std::make_unique<SocketTransport>(loop, std::move(socket));
}

}  // namespace rpc::net
