#include "tests/support/proxy.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/net/socket.h"
#include "tests/support/eventually.h"
#include "tests/support/proxy_fixture.h"
#include "tests/support/raw_socket.h"

namespace rpc {
namespace {

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

TEST_F(ProxyTest, ServersAndClientsMayBeAtUnixSockets) {
  const std::string name = "unix:@uvrpc-proxy-test-" + std::to_string(getpid());
  Listen(name + "-server", "tcp://127.0.0.1:0");
  EXPECT_TRUE(proxy_->address().starts_with("tcp://"));
  ConnectAnew();
  client_.Send("from tcp");
  EXPECT_EQ(server_->Read(8), "from tcp");

  Listen("tcp://127.0.0.1:0", name + "-clients");
  EXPECT_EQ(proxy_->address(), name + "-clients");
  ConnectAnew(RawSocket::Family::kUnix);
  client_.Send("from unix");
  EXPECT_EQ(server_->Read(9), "from unix");
}

}  // namespace
}  // namespace rpc
