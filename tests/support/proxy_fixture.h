// A client and a server by hand, and a proxy between them, for the tests of the proxy.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/net/address.h"
#include "rpc/net/socket.h"
#include "tests/support/eventually.h"
#include "tests/support/proxy.h"
#include "tests/support/raw_socket.h"

namespace rpc {

inline constexpr absl::Duration kSoon = absl::Seconds(10);
inline constexpr absl::Duration kAMoment = absl::Milliseconds(50);

class ProxyTest : public testing::Test {
 protected:
  ProxyTest() { Listen("tcp://127.0.0.1:0", "tcp://127.0.0.1:0"); }

  void Listen(std::string_view server, std::string_view clients) {
    auto listenings = net::Listen(*net::ParseAddress(server), 1);
    listener_ = std::move((*listenings)[0].sockets[0]);
    proxy_ = std::make_unique<Proxy>((*listenings)[0].address, clients);
  }
  void Connect() {
    ASSERT_TRUE(client_.Connect(proxy_->address()));
    ASSERT_TRUE(Eventually([&] { return Accept(); }));
  }
  void ConnectAnew(RawSocket::Family family = RawSocket::Family::kTcp) {
    client_ = RawSocket(family);
    server_.reset();
    Connect();
  }
  // What comes of a connection on which the client sends so much.
  std::string Received(const std::string& sent) {
    ConnectAnew();
    std::thread sender([&] {
      client_.Send(sent);
      client_.CloseWriting();
    });
    const std::string received = server_->ReadUntilEnd(absl::Seconds(60)).value_or("no end");
    sender.join();
    return received;
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

}  // namespace rpc
