#include "tests/support/proxy.h"

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/net/address.h"
#include "rpc/net/socket.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_socket.h"

namespace rpc {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);
constexpr absl::Duration kAMoment = absl::Milliseconds(50);

// A client and a server by hand, and a proxy between them.
class ProxyTest : public testing::Test {
 protected:
  ProxyTest() {
    auto listenings = net::Listen(*net::ParseAddress("tcp://127.0.0.1:0"), 1);
    listener_ = std::move((*listenings)[0].sockets[0]);
    proxy_ = std::make_unique<Proxy>((*listenings)[0].address);
  }

  void Connect() {
    ASSERT_TRUE(client_.Connect(proxy_->address()));
    ASSERT_TRUE(Eventually([&] { return Accept(); }));
  }
  bool Accept() {
    net::Descriptor accepted(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (accepted) server_.emplace(std::move(accepted));
    return server_.has_value();
  }

  net::Descriptor listener_;
  std::unique_ptr<Proxy> proxy_;
  RawSocket client_{RawSocket::Family::kTcp};
  std::optional<RawSocket> server_;
};

TEST_F(ProxyTest, ForwardsBothDirections) {
  Connect();
  client_.Send("there");
  EXPECT_EQ(server_->Read(5), "there");
  server_->Send("and back");
  EXPECT_EQ(client_.Read(8), "and back");
  EXPECT_EQ(proxy_->bytes(Proxy::kToServer), 5u);
  EXPECT_EQ(proxy_->bytes(Proxy::kToClient), 8u);
  EXPECT_EQ(proxy_->connections(), 1u);
}

TEST_F(ProxyTest, ForwardsMoreThanASocketHolds) {
  Connect();
  const std::string much(20 << 20, 'x');
  std::thread sender([&] {
    client_.Send(much);
    client_.CloseWriting();
  });
  EXPECT_TRUE(server_->ReadUntilEnd(absl::Seconds(60)) == much);
  sender.join();
}

TEST_F(ProxyTest, ForwardsTheEndOfOneDirection) {
  Connect();
  client_.Send("last");
  client_.CloseWriting();
  EXPECT_EQ(server_->ReadUntilEnd(kSoon), "last");
  server_->Send("still");
  EXPECT_EQ(client_.Read(5), "still");
}

TEST_F(ProxyTest, ForgetsAConnectionWithBothEndsClosed) {
  Connect();
  client_.CloseWriting();
  server_->CloseWriting();
  EXPECT_TRUE(Eventually([&] { return proxy_->connections() == 0; }));
}

TEST_F(ProxyTest, HoldsEverythingWhileItDoesNotForward) {
  Connect();
  proxy_->StopForwarding();
  client_.Send("patience");
  client_.CloseWriting();
  EXPECT_EQ(server_->ReadUntilEnd(kAMoment), std::nullopt);
  EXPECT_EQ(proxy_->bytes(Proxy::kToServer), 0u);
  proxy_->Forward();
  EXPECT_EQ(server_->ReadUntilEnd(kSoon), "patience");
}

TEST_F(ProxyTest, HoldsNewConnectionsToo) {
  proxy_->StopForwarding();
  ASSERT_TRUE(client_.Connect(proxy_->address()));
  EXPECT_FALSE(Eventually([&] { return Accept(); }, kAMoment));
  proxy_->Forward();
  EXPECT_TRUE(Eventually([&] { return Accept(); }));
}

TEST_F(ProxyTest, HoldsOneDirectionAlone) {
  Connect();
  proxy_->StopForwarding(Proxy::kToServer);
  client_.Send("lost");
  server_->Send("found");
  EXPECT_EQ(client_.Read(5), "found");
  EXPECT_EQ(server_->Read(1, kAMoment), "");
}

TEST_F(ProxyTest, CutsAfterSoManyBytes) {
  Connect();
  proxy_->CutAfter(Proxy::kToServer, 3);
  client_.Send("abcdef");
  EXPECT_EQ(server_->ReadUntilEnd(kSoon), "abc");
  EXPECT_EQ(client_.ReadUntilEnd(kSoon), "");
  EXPECT_EQ(proxy_->bytes(Proxy::kToServer), 3u);
}

TEST_F(ProxyTest, CutsConnectionsToCome) {
  proxy_->CutAfter(Proxy::kToClient, 2);
  Connect();
  client_.Send("whole");
  EXPECT_EQ(server_->Read(5), "whole");
  server_->Send("part");
  EXPECT_EQ(client_.ReadUntilEnd(kSoon), "pa");
}

TEST_F(ProxyTest, ClosesBothSides) {
  Connect();
  proxy_->Close();
  EXPECT_EQ(client_.ReadUntilEnd(kSoon), "");
  EXPECT_EQ(server_->ReadUntilEnd(kSoon), "");
  EXPECT_EQ(proxy_->connections(), 0u);
}

TEST_F(ProxyTest, EndsOneDirection) {
  Connect();
  proxy_->HalfClose(Proxy::kToServer);
  EXPECT_EQ(server_->ReadUntilEnd(kSoon), "");
  server_->Send("goodbye");
  EXPECT_EQ(client_.Read(7), "goodbye");
}

TEST_F(ProxyTest, ClosesWhatItCannotConnect) {
  listener_ = net::Descriptor();
  ASSERT_TRUE(client_.Connect(proxy_->address()));
  EXPECT_EQ(client_.ReadUntilEnd(kSoon), "");
}

}  // namespace
}  // namespace rpc
