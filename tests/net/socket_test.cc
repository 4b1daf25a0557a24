#include "rpc/net/socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rpc::net {
namespace {

using testing::HasSubstr;

using Listenings = absl::StatusOr<std::vector<Listening>>;

Listenings ListenOn(const std::string& text, size_t count = 1) {
  const absl::StatusOr<Address> address = ParseAddress(text);
  if (!address.ok()) return address.status();
  return Listen(*address, count);
}

std::string Sentence(const Listenings& listenings) {
  return std::string(listenings.status().message());
}

bool HasIpv6() { return ListenOn("tcp://[::1]:0").ok(); }

// Whether somebody takes a connection there.
bool CanConnect(const std::string& text) {
  const absl::StatusOr<SocketAddress> address = *AddressWithoutLookup(*ParseAddress(text));
  const Descriptor socket(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(socket.get(), address->get(), address->size) == 0;
}

std::string PortOf(const Listening& listening) {
  return listening.address.substr(listening.address.rfind(':') + 1);
}

TEST(Descriptor, IsClosedWithItsOwnerAndMovedWithoutClosing) {
  const int fd = dup(0);
  {
    Descriptor first(fd);
    Descriptor second(std::move(first));
    EXPECT_FALSE(first);
    first = std::move(second);
    EXPECT_EQ(first.get(), fd);
    EXPECT_EQ(fcntl(fd, F_GETFD), 0);
  }
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST(Descriptor, ThatIsAssignedToClosesWhatItHad) {
  const int old_fd = dup(0);
  Descriptor descriptor(old_fd);
  descriptor = Descriptor(dup(0));
  EXPECT_EQ(fcntl(old_fd, F_GETFD), -1);
  EXPECT_EQ(fcntl(descriptor.get(), F_GETFD), 0);
}

TEST(SystemError, IsASentenceWithACodeThatHelps) {
  const absl::Status status = SystemError(EACCES, "cannot listen on", "tcp://127.0.0.1:80");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_EQ(status.message(), "cannot listen on tcp://127.0.0.1:80: permission denied");
  EXPECT_EQ(ConnectionError(ECONNRESET, "tcp://127.0.0.1:80"),
            absl::UnavailableError("connection reset by peer (tcp://127.0.0.1:80)"));
}

TEST(SystemError, SaysWhatACallerCanActOn) {
  const std::pair<int, absl::StatusCode> rows[] = {
      {ECONNREFUSED, absl::StatusCode::kUnavailable},
      {ETIMEDOUT, absl::StatusCode::kUnavailable},
      {EPIPE, absl::StatusCode::kUnavailable},
      {EADDRINUSE, absl::StatusCode::kAlreadyExists},
      {EMFILE, absl::StatusCode::kResourceExhausted},
      {ENOENT, absl::StatusCode::kNotFound},
      {EINVAL, absl::StatusCode::kInternal},
  };
  for (const auto& [error_number, code] : rows) {
    EXPECT_EQ(SystemError(error_number, "a", "b").code(), code) << error_number;
  }
}

TEST(Listen, PicksOnePortForAllSockets) {
  const Listenings listenings = ListenOn("tcp://127.0.0.1:0", 4);
  ASSERT_TRUE(listenings.ok()) << listenings.status();
  ASSERT_EQ(listenings->size(), 1u);
  ASSERT_EQ((*listenings)[0].sockets.size(), 4u);
  std::set<std::string> addresses = {(*listenings)[0].address};
  for (const Descriptor& socket : (*listenings)[0].sockets) {
    addresses.insert(ToString(LocalAddress(socket.get())));
    EXPECT_NE(fcntl(socket.get(), F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_EQ(addresses.size(), 1u);
  EXPECT_NE(PortOf((*listenings)[0]), "0");
}

TEST(Listen, RefusesAPortInUseAlsoWhenItIsShared) {
  for (const size_t held_by : {1, 2}) {
    const Listenings first = ListenOn("tcp://127.0.0.1:0", held_by);
    const std::string address = (*first)[0].address;
    for (const size_t wanted_by : {1, 2}) {
      const Listenings second = ListenOn(address, wanted_by);
      EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << held_by << " and " << wanted_by;
      EXPECT_EQ(Sentence(second), "cannot listen on " + address + ": address already in use");
    }
  }
}

TEST(Listen, TakesAPortAgainAtOnce) {
  Listenings first = ListenOn("tcp://127.0.0.1:0", 2);
  const std::string address = (*first)[0].address;
  // This end closes first, and so its side of the connection lingers.
  const absl::StatusOr<SocketAddress> there = *AddressWithoutLookup(*ParseAddress(address));
  const Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(connect(client.get(), there->get(), there->size), 0);
  for (const Descriptor& socket : (*first)[0].sockets)
    close(accept(socket.get(), nullptr, nullptr));
  first = absl::UnknownError("gone");
  const Listenings second = ListenOn(address, 2);
  EXPECT_TRUE(second.ok()) << second.status();
}

TEST(Listen, OnAnIpv6AddressLeavesIpv4Alone) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const Listenings listenings = ListenOn("tcp://[::1]:0");
  EXPECT_TRUE(CanConnect((*listenings)[0].address));
  EXPECT_FALSE(CanConnect("tcp://127.0.0.1:" + PortOf((*listenings)[0])));
}

TEST(Listen, OnEveryAddressTakesBothFamilies) {
  const Listenings listenings = ListenOn("tcp://*:0", 2);
  ASSERT_TRUE(listenings.ok()) << listenings.status();
  const std::string port = PortOf((*listenings)[0]);
  EXPECT_TRUE(CanConnect("tcp://127.0.0.1:" + port));
  if (!HasIpv6()) return;
  EXPECT_EQ((*listenings)[0].address, "tcp://*:" + port);
  EXPECT_TRUE(CanConnect("tcp://[::1]:" + port));
}

TEST(Listen, OnANameGivesOnePortOnEachOfItsAddresses) {
  const Listenings listenings = ListenOn("tcp://localhost:0");
  ASSERT_TRUE(listenings.ok()) << listenings.status();
  std::set<std::string> ports;
  for (const Listening& each : *listenings) {
    EXPECT_TRUE(CanConnect(each.address));
    ports.insert(PortOf(each));
  }
  EXPECT_EQ(ports.size(), 1u);
}

TEST(Listen, SaysThatANameIsNotKnown) {
  const Listenings listenings = ListenOn("tcp://no-such-host.invalid:80");
  EXPECT_TRUE(absl::IsUnavailable(listenings.status()));
  EXPECT_THAT(Sentence(listenings), HasSubstr("cannot listen on tcp://no-such-host.invalid:80: "
                                              "cannot resolve \"no-such-host.invalid\": "));
}

TEST(Listen, SaysThatAnAddressIsNotOfThisMachine) {
  const Listenings listenings = ListenOn("tcp://192.0.2.77:0");
  EXPECT_TRUE(absl::IsFailedPrecondition(listenings.status())) << listenings.status();
  EXPECT_THAT(Sentence(listenings),
              HasSubstr("cannot listen on tcp://192.0.2.77:0: cannot assign"));
}

class ListenUnixTest : public testing::Test {
 protected:
  ListenUnixTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "socketXXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ListenUnixTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/a.sock"; }
  std::string address() const { return "unix://" + path(); }

 private:
  std::string folder_;
};

TEST_F(ListenUnixTest, GivesCopiesOfOneSocket) {
  const Listenings listenings = ListenOn(address(), 3);
  ASSERT_TRUE(listenings.ok()) << listenings.status();
  EXPECT_EQ((*listenings)[0].address, address());
  EXPECT_EQ((*listenings)[0].sockets.size(), 3u);
  EXPECT_TRUE(CanConnect(address()));
}

TEST_F(ListenUnixTest, ReplacesASocketThatNobodyListensOn) {
  ASSERT_TRUE(ListenOn(address()).ok());
  ASSERT_TRUE(std::filesystem::exists(path()));
  const Listenings again = ListenOn(address());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(CanConnect(address()));
}

TEST_F(ListenUnixTest, RefusesASocketThatSomebodyListensOn) {
  const Listenings first = ListenOn(address());
  const Listenings second = ListenOn(address());
  EXPECT_TRUE(absl::IsAlreadyExists(second.status()));
  EXPECT_EQ(Sentence(second), "cannot listen on " + address() + ": address already in use");
  EXPECT_TRUE(CanConnect(address()));
}

TEST_F(ListenUnixTest, LeavesAFileAloneThatIsNotASocket) {
  std::ofstream(path()) << "precious";
  const Listenings listenings = ListenOn(address());
  EXPECT_TRUE(absl::IsAlreadyExists(listenings.status()));
  EXPECT_EQ(Sentence(listenings),
            "cannot listen on " + address() + ": there is a file that is not a socket");
  EXPECT_EQ(std::filesystem::file_size(path()), 8u);
}

TEST_F(ListenUnixTest, RefusesAPathThatIsTooLong) {
  const std::string long_address = "unix:///" + std::string(150, 'a');
  const Listenings listenings = ListenOn(long_address);
  EXPECT_TRUE(absl::IsInvalidArgument(listenings.status()));
  EXPECT_EQ(Sentence(listenings),
            "cannot listen on " + long_address + ": the path has 151 bytes; at most 107");
}

TEST_F(ListenUnixTest, SaysThatAFolderIsMissing) {
  const Listenings listenings = ListenOn(address() + "/b.sock");
  EXPECT_TRUE(absl::IsNotFound(listenings.status())) << listenings.status();
  EXPECT_EQ(Sentence(listenings),
            "cannot listen on " + address() + "/b.sock: no such file or directory");
}

TEST_F(ListenUnixTest, TakesAnAbstractNameWhileNobodyHasIt) {
  const std::string name = "unix:@uvrpc-socket-test-" + std::to_string(std::random_device{}());
  {
    const Listenings first = ListenOn(name);
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_TRUE(CanConnect(name));
    EXPECT_TRUE(absl::IsAlreadyExists(ListenOn(name).status()));
  }
  EXPECT_TRUE(ListenOn(name).ok());
}

int OptionOf(const Descriptor& socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(getsockopt(socket.get(), level, option, &value, &size), 0);
  return value;
}

std::string CongestionOf(const Descriptor& socket) {
  char name[16] = {};
  socklen_t size = sizeof(name);
  EXPECT_EQ(getsockopt(socket.get(), IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
  return name;
}

constexpr SocketOptions kEveryOption = {.send_buffer_size = 100'000,
                                        .receive_buffer_size = 200'000,
                                        .keepalive_idle = absl::Seconds(60),
                                        .keepalive_interval = absl::Seconds(7),
                                        .keepalive_count = 3,
                                        .user_timeout = absl::Milliseconds(1'500),
                                        .congestion = "reno"};

void ExpectEveryOption(const Descriptor& socket) {
  // The system doubles the sizes, for its own use.
  EXPECT_EQ(OptionOf(socket, SOL_SOCKET, SO_SNDBUF), 200'000);
  EXPECT_EQ(OptionOf(socket, SOL_SOCKET, SO_RCVBUF), 400'000);
  EXPECT_EQ(OptionOf(socket, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(OptionOf(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(OptionOf(socket, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(OptionOf(socket, IPPROTO_TCP, TCP_KEEPINTVL), 7);
  EXPECT_EQ(OptionOf(socket, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(OptionOf(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 1'500);
  EXPECT_EQ(CongestionOf(socket), "reno");
}

// What a listener is told holds for the connections that it accepts.
TEST(SocketOptions, AreThoseOfBothEndsOfAConnection) {
  const Listenings listenings = Listen(*ParseAddress("tcp://127.0.0.1:0"), 1, kEveryOption);
  ASSERT_TRUE(listenings.ok()) << listenings.status();
  const std::string address = (*listenings)[0].address;
  std::string reason;
  const Descriptor client =
      BeginConnect(**AddressWithoutLookup(*ParseAddress(address)), kEveryOption, &reason);
  ASSERT_TRUE(client) << reason;
  ExpectEveryOption(client);
  pollfd waiting = {(*listenings)[0].sockets[0].get(), POLLIN, 0};
  ASSERT_EQ(poll(&waiting, 1, 10'000), 1);
  const Descriptor accepted(accept(waiting.fd, nullptr, nullptr));
  ASSERT_TRUE(accepted);
  ExpectEveryOption(accepted);
}

TEST(SocketOptions, AsTheyAreSendAtOnceAndLeaveTheRestToTheSystem) {
  const Listenings listenings = ListenOn("tcp://127.0.0.1:0");
  ASSERT_TRUE(listenings.ok());
  const Descriptor& socket = (*listenings)[0].sockets[0];
  EXPECT_EQ(OptionOf(socket, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(OptionOf(socket, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(OptionOf(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
}

TEST(SocketOptions, ThatTheSystemRefusesAreNamed) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(SetOptions(socket.get(), {.congestion = "no-such"}),
            "cannot set TCP_CONGESTION to no-such: no such file or directory");
  EXPECT_EQ(
      SetOptions(socket.get(), {.keepalive_idle = absl::Seconds(1), .keepalive_count = 1'000}),
      "cannot set TCP_KEEPCNT to 1000: invalid argument");
}

TEST(SocketOptions, ThatMakeNoSenseAreRefused) {
  const Address path = *ParseAddress("unix:///tmp/a.sock");
  const auto complaint = [](const Address& address, const SocketOptions& options) {
    return std::string(CheckOptions(address, options).message());
  };
  EXPECT_EQ(complaint(path, {.unix_permissions = 0600}), "");
  EXPECT_THAT(complaint(path, {.unix_permissions = 01777}), HasSubstr("not 01777"));
  for (const char* other : {"unix:@a", "tcp://127.0.0.1:1", "udp://127.0.0.1:1"}) {
    EXPECT_THAT(complaint(*ParseAddress(other), {.unix_permissions = 0600}),
                HasSubstr("only a file has them"));
  }
  EXPECT_THAT(complaint(path, {.send_buffer_size = -5}), HasSubstr("-5 bytes"));
  EXPECT_THAT(complaint(path, {.backlog = 0}), HasSubstr("not 0"));
}

}  // namespace
}  // namespace rpc::net
