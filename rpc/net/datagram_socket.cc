#include "rpc/net/datagram_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace rpc::net {
namespace {

// Datagrams of one turn: others want their turn too.
constexpr int kDatagramsMax = 256;

constexpr size_t kBufferSize = 1 << 16;

// With room for the largest that there can be.
char* Buffer() {
  thread_local const std::unique_ptr<char[]> buffer(new char[kBufferSize]);
  return buffer.get();
}

// Whom a datagram came from, and to which of our own addresses: a reply leaves from there. As bytes
// it is what OnDatagram calls the source.
struct Route {
  sockaddr_storage peer = {};
  uint32_t peer_size = 0;
  int family = AF_UNSPEC;  // of what follows
  in_pktinfo ipv4 = {};
  in6_pktinfo ipv6 = {};
};

static_assert(sizeof(Route) ==
                  sizeof(sockaddr_storage) + 8 + sizeof(in_pktinfo) + sizeof(in6_pktinfo),
              "two of one sender are the same, byte by byte");

void ReadControl(msghdr* message, Route* route) {
  for (cmsghdr* c = CMSG_FIRSTHDR(message); c != nullptr; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof(info));
      route->family = AF_INET;
      route->ipv4.ipi_spec_dst = info.ipi_spec_dst;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      route->family = AF_INET6;
      std::memcpy(&route->ipv6, CMSG_DATA(c), sizeof(route->ipv6));
      // By which interface it came says nothing of who sent it, but where addresses need it.
      if (!IN6_IS_ADDR_LINKLOCAL(&route->ipv6.ipi6_addr)) route->ipv6.ipi6_ifindex = 0;
    }
  }
}

template <typename Info>
void WriteControl(int level, int type, const Info& info, msghdr* message) {
  cmsghdr* const c = reinterpret_cast<cmsghdr*>(message->msg_control);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof(info));
  std::memcpy(CMSG_DATA(c), &info, sizeof(info));
  message->msg_controllen = CMSG_SPACE(sizeof(info));
}

struct alignas(cmsghdr) Control {
  char bytes[CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(in6_pktinfo))] = {};
};

}  // namespace

DatagramSocket::DatagramSocket(Loop* loop, Descriptor socket, User* user)
    : user_(user), watch_(loop, std::move(socket), this) {
  watch_.Want(Watch::kReadable);
}

DatagramSocket::~DatagramSocket() {
  if (gone_ != nullptr) *gone_ = true;
}

void DatagramSocket::OnEvents(int) {
  bool gone = false;
  gone_ = &gone;
  Receive(gone);
  if (!gone) gone_ = nullptr;
}

void DatagramSocket::Receive(const bool& gone) {
  for (int i = 0; i < kDatagramsMax && !gone; ++i) {
    if (i > 0) watch_.loop()->TakeTime();
    Route route;
    Control control;
    iovec part = {Buffer(), kBufferSize};
    msghdr message = {};
    message.msg_name = &route.peer;
    message.msg_namelen = sizeof(route.peer);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof(control);
    const ssize_t size = recvmsg(watch_.fd(), &message, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0) {
      user_->OnError(errno);
      continue;
    }
    route.peer_size = message.msg_namelen;
    ReadControl(&message, &route);
    user_->OnDatagram({reinterpret_cast<const char*>(&route), sizeof(route)},
                      {Buffer(), static_cast<size_t>(size)});
  }
}

int DatagramSocket::Send(std::string_view destination, std::string_view bytes) {
  Route route;
  Control control;
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (destination.size() == sizeof(route)) {
    std::memcpy(&route, destination.data(), sizeof(route));
    message.msg_name = &route.peer;
    message.msg_namelen = route.peer_size;
    message.msg_control = &control;
    if (route.family == AF_INET) WriteControl(IPPROTO_IP, IP_PKTINFO, route.ipv4, &message);
    if (route.family == AF_INET6) WriteControl(IPPROTO_IPV6, IPV6_PKTINFO, route.ipv6, &message);
    if (route.family == AF_UNSPEC) message.msg_control = nullptr;
  }
  ssize_t result;
  do {
    result = sendmsg(watch_.fd(), &message, MSG_NOSIGNAL);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? errno : 0;
}

std::string SourceText(std::string_view source) {
  Route route;
  if (source.size() != sizeof(route)) return "udp://?";
  std::memcpy(&route, source.data(), sizeof(route));
  SocketAddress address;
  address.storage = route.peer;
  address.size = route.peer_size;
  return ToString(address, Scheme::kUdp);
}

}  // namespace rpc::net
