#include "tests/end_to_end/way.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rpc/net/socket.h"
#include "tests/net/tls_pair.h"

namespace rpc {
namespace {

Tls Checked(absl::StatusOr<Tls> tls) {
  EXPECT_TRUE(tls.ok()) << tls.status();
  return *std::move(tls);
}

bool HasIpv6() {
  const net::Descriptor socket(::socket(AF_INET6, SOCK_STREAM, 0));
  sockaddr_in6 here = {};
  here.sin6_family = AF_INET6;
  here.sin6_addr = in6addr_loopback;
  return socket && bind(socket.get(), reinterpret_cast<sockaddr*>(&here), sizeof(here)) == 0;
}

// Names of sockets are for the whole machine, and process ids are not where tests are sandboxed.
std::string SomeName() {
  std::random_device random;
  return absl::StrCat("uvrpc-test-", absl::Hex(random()), absl::Hex(random()));
}

std::string AddressToListenOn(Way way) {
  switch (way) {
    case Way::kTcp:
      return "tcp://127.0.0.1:0";
    case Way::kIpv6:
      return "tcp://[::1]:0";
    case Way::kUnix:
      return absl::StrCat("unix://", net::TlsTestFiles::Get().folder().PathOf(SomeName()));
    case Way::kAbstract:
      return absl::StrCat("unix:@", SomeName());
    case Way::kTls:
    case Way::kMutualTls:
      return "tls://127.0.0.1:0";
    case Way::kUdp:
      return "udp://127.0.0.1:0";
    case Way::kInProcess:
      break;
  }
  return "";
}

bool IsTls(Way way) { return way == Way::kTls || way == Way::kMutualTls; }

// Datagrams may be as large as they get.
constexpr session::DatagramLimits kLargeDatagrams = {.datagram_size_max = 65'507,
                                                     .spoofing_impossible = true};

}  // namespace

std::string WayName(Way way) {
  static const char* const kNames[] = {"Tcp", "Ipv6",      "Unix", "Abstract",
                                       "Tls", "MutualTls", "Udp",  "InProcess"};
  return kNames[static_cast<int>(way)];
}

std::vector<Way> StreamWays() {
  std::vector<Way> ways = {Way::kTcp, Way::kUnix,      Way::kAbstract,
                           Way::kTls, Way::kMutualTls, Way::kInProcess};
  if (HasIpv6()) ways.push_back(Way::kIpv6);
  return ways;
}

std::string ListenOver(Way way, Server* server) {
  const std::string address = AddressToListenOn(way);
  if (address.empty()) return "";
  ListenOptions options{.datagrams = kLargeDatagrams};
  if (IsTls(way)) options.tls = &ServerTls(way);
  const absl::Status listened = server->Listen(address, options);
  EXPECT_TRUE(listened.ok()) << listened;
  return listened.ok() ? server->addresses().back() : "";
}

Channel ChannelOver(Way way, Server* server, const std::string& address, ChannelOptions options) {
  if (way == Way::kInProcess) return server->InProcess(options);
  options.datagrams = kLargeDatagrams;
  if (!IsTls(way)) return Channel(address, options);
  options.tls = &ClientTls(way);
  return Channel(address, options);
}

const Tls& ServerTls(Way way) {
  const net::TlsTestFiles& files = net::TlsTestFiles::Get();
  static const Tls plain = Checked(Tls::Server(files.Server()));
  static const Tls mutual = Checked(Tls::Server(files.MutualServer()));
  return way == Way::kMutualTls ? mutual : plain;
}

const Tls& ClientTls(Way way) {
  const net::TlsTestFiles& files = net::TlsTestFiles::Get();
  static const Tls plain = Checked(Tls::Client(files.Client()));
  static const Tls mutual = Checked(Tls::Client(files.MutualClient()));
  return way == Way::kMutualTls ? mutual : plain;
}

}  // namespace rpc
