#include "tests/support/datagram_proxy.h"

#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/net/address.h"
#include "rpc/net/socket.h"
#include "rpc/net/socket_address.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

using Datagrams = std::vector<std::string>;

// So few that all fit into a socket's buffer.
constexpr int kCount = 100;
constexpr absl::Duration kAMoment = absl::Milliseconds(50);

net::SocketAddress Parse(const std::string& address) {
  return **net::AddressWithoutLookup(*net::ParseAddress(address));
}

// A blocking socket of datagrams.
class Peer {
 public:
  Peer() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const net::SocketAddress any = Parse("udp://127.0.0.1:0");
    EXPECT_EQ(bind(socket_.get(), any.get(), any.size), 0);
  }

  std::string address() const {
    return net::ToString(net::LocalAddress(socket_.get()), net::Scheme::kUdp);
  }
  void SendTo(const std::string& address, const std::string& datagram) {
    const net::SocketAddress to = Parse(address);
    sendto(socket_.get(), datagram.data(), datagram.size(), 0, to.get(), to.size);
  }
  void Answer(const std::string& datagram) {
    sendto(socket_.get(), datagram.data(), datagram.size(), 0, from_.get(), from_.size);
  }
  // The next; "nothing" if none comes within the time.
  std::string Receive(absl::Duration timeout = absl::Seconds(10)) {
    const timeval time = absl::ToTimeval(timeout);
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    from_.size = sizeof(from_.storage);
    char buffer[2'048];
    const ssize_t size =
        recvfrom(socket_.get(), buffer, sizeof(buffer), 0, from_.get(), &from_.size);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  net::Descriptor socket_;
  net::SocketAddress from_ = {};
};

class DatagramProxyTest : public testing::Test {
 protected:
  void Send(const std::string& datagram) { client_.SendTo(proxy_.address(), datagram); }
  // Sends `0`, `1` and so on, each when that before has come to the proxy. What the server gets,
  // which is as many as the proxy says that there are.
  Datagrams SendMany(DatagramProxy* proxy, int count = kCount) {
    for (int i = 0; i < count; ++i) {
      client_.SendTo(proxy->address(), std::to_string(i));
      while (proxy->counts(DatagramProxy::kToServer).came <= static_cast<uint64_t>(i)) {
        absl::SleepFor(absl::Microseconds(50));
      }
    }
    const DatagramCounts counts = proxy->counts(DatagramProxy::kToServer);
    Datagrams received;
    for (uint64_t i = counts.lost; i < counts.came + counts.duplicated; ++i) {
      received.push_back(server_.Receive());
    }
    EXPECT_EQ(server_.Receive(kAMoment), "nothing");
    return received;
  }
  DatagramCounts counts() const { return proxy_.counts(DatagramProxy::kToServer); }

  Peer server_;
  Peer client_;
  DatagramProxy proxy_{server_.address(), 1};
};

Datagrams Numbers() {
  Datagrams numbers;
  for (int i = 0; i < kCount; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

Datagrams Sorted(Datagrams datagrams) {
  std::ranges::sort(datagrams);
  return datagrams;
}

TEST_F(DatagramProxyTest, ForwardsBothDirections) {
  Send("there");
  EXPECT_EQ(server_.Receive(), "there");
  server_.Answer("and back");
  EXPECT_EQ(client_.Receive(), "and back");
  EXPECT_EQ(proxy_.counts(DatagramProxy::kToClient).came, 1u);
}

TEST_F(DatagramProxyTest, AnswersGoToTheirClients) {
  Peer other;
  Send("one");
  EXPECT_EQ(server_.Receive(), "one");
  server_.Answer("for one");
  other.SendTo(proxy_.address(), "other");
  EXPECT_EQ(server_.Receive(), "other");
  server_.Answer("for other");
  EXPECT_EQ(client_.Receive(), "for one");
  EXPECT_EQ(other.Receive(), "for other");
  EXPECT_EQ(proxy_.clients(), 2u);
}

TEST_F(DatagramProxyTest, AGoodNetworkLosesNothing) {
  EXPECT_EQ(SendMany(&proxy_), Numbers());
  EXPECT_EQ(counts().lost + counts().duplicated + counts().reordered + counts().corrupted, 0u);
}

TEST_F(DatagramProxyTest, EmptyDatagramsPass) {
  proxy_.Set({.corruption = 1});
  Send("");
  EXPECT_EQ(server_.Receive(), "");
}

TEST_F(DatagramProxyTest, LosesAsManyAsItIsTold) {
  proxy_.Set({.loss = 0.3});
  const Datagrams received = SendMany(&proxy_);
  EXPECT_EQ(received.size() + counts().lost, size_t{kCount});
  EXPECT_GT(counts().lost, 10u);
  EXPECT_LT(counts().lost, 60u);
}

TEST_F(DatagramProxyTest, LosesInOneDirectionAlone) {
  Send("first");
  EXPECT_EQ(server_.Receive(), "first");
  proxy_.Set(DatagramProxy::kToClient, {.loss = 1});
  server_.Answer("lost");
  Send("found");
  EXPECT_EQ(server_.Receive(), "found");
  EXPECT_TRUE(Eventually([&] { return proxy_.counts(DatagramProxy::kToClient).lost == 1; }));
  proxy_.Set({});
  server_.Answer("found again");
  EXPECT_EQ(client_.Receive(), "found again");
}

TEST_F(DatagramProxyTest, DuplicatesArriveTwice) {
  proxy_.Set({.duplicates = 0.3});
  const Datagrams received = SendMany(&proxy_);
  EXPECT_EQ(received.size(), kCount + counts().duplicated);
  EXPECT_GT(counts().duplicated, 10u);
}

TEST_F(DatagramProxyTest, LaterOnesPassThoseThatAreHeldBack) {
  proxy_.Set({.reordering = 0.2});
  const Datagrams received = SendMany(&proxy_);
  EXPECT_EQ(Sorted(received), Sorted(Numbers()));
  EXPECT_NE(received, Numbers());
  EXPECT_GT(counts().reordered, 5u);
}

TEST_F(DatagramProxyTest, CorruptedOnesHaveOneBitFlipped) {
  proxy_.Set({.corruption = 1});
  const std::string sent(1'000, 'x');
  Send(sent);
  const std::string received = server_.Receive();
  ASSERT_EQ(received.size(), sent.size());
  int bits = 0;
  for (size_t i = 0; i < sent.size(); ++i) {
    bits += std::popcount(static_cast<unsigned char>(sent[i] ^ received[i]));
  }
  EXPECT_EQ(bits, 1);
  EXPECT_EQ(counts().corrupted, 1u);
}

TEST_F(DatagramProxyTest, ADelayIsAtLeastWhatItIsToldToBe) {
  proxy_.Set(DatagramProxy::kToServer, {.delay_us = 150'000});
  const absl::Time begin = absl::Now();
  Send("late");
  EXPECT_EQ(server_.Receive(), "late");
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(140));
  server_.Answer("back");
  EXPECT_EQ(client_.Receive(), "back");
}

TEST_F(DatagramProxyTest, JitterReorders) {
  proxy_.Set({.jitter_us = 50'000});
  const Datagrams received = SendMany(&proxy_);
  EXPECT_EQ(Sorted(received), Sorted(Numbers()));
  EXPECT_NE(received, Numbers());
}

TEST_F(DatagramProxyTest, TheSameSeedLosesTheSame) {
  const auto with_seed = [&](uint64_t seed) {
    DatagramProxy proxy(server_.address(), seed);
    proxy.Set({.loss = 0.5});
    return SendMany(&proxy, 60);
  };
  const Datagrams first = with_seed(7);
  EXPECT_EQ(with_seed(7), first);
  EXPECT_NE(with_seed(8), first);
}

}  // namespace
}  // namespace rpc
