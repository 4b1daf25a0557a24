// Sessions that are resumed, and certificates that are read again.
#include "rpc/net/tls_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "rpc/net/local_transport.h"
#include "rpc/net/tls_handshake.h"
#include "tests/net/loop_thread.h"
#include "tests/net/tls_fixture.h"
#include "tests/net/tls_pair.h"

namespace rpc::net {
namespace {

using testing::HasSubstr;

// One handshake after the other, on a thread of its own.
class ThreadedHandshakes {
 public:
  ThreadedHandshakes(const Tls& client, const Tls& server) : client_(client), server_(server) {
    thread_.loop()->Post([this] { Next(); });
  }

  void Wait() { finished_.get_future().wait(); }

 private:
  static constexpr int kCount = 50;

  void Next() {
    if (count_ == kCount) return finished_.set_value();
    ++count_;
    Loop* const loop = thread_.loop();
    TransportPair below = NewLocalTransports(loop, loop);
    accepting_ = TlsAccept(loop, server_, std::move(below.second), [this](auto accepted) {
      EXPECT_TRUE(accepted.ok()) << accepted.status();
      thread_.loop()->Post([this] { Next(); });
    });
    connecting_ =
        TlsConnect(loop, client_, "localhost", "tls://localhost:1", std::move(below.first),
                   [](auto connected) { EXPECT_TRUE(connected.ok()) << connected.status(); });
  }

  const Tls& client_;
  const Tls& server_;
  int count_ = 0;
  std::promise<void> finished_;
  LoopThread thread_;
  std::unique_ptr<TlsHandshake> accepting_;
  std::unique_ptr<TlsHandshake> connecting_;
};

class TlsSessionsTest : public TlsFixture {
 protected:
  void ConnectAndDisconnect(const Tls& client, const Tls& server) {
    Connect(client, server);
    ASSERT_TRUE(client_status_.ok()) << client_status_;
    ASSERT_TRUE(server_status_.ok()) << server_status_;
    Disconnect();
  }

  // With a server of TLS 1.2 that is OpenSSL alone.
  void ConnectToOldServer(const Tls& client, SSL_CTX* context) {
    SSL_CTX_up_ref(context);
    auto ends = NewLocalTransports(loop(), loop());
    BareTls server(SslContext(context), true, std::move(ends.second));
    const auto handshake =
        TlsConnect(loop(), client, "localhost", "tls://old", std::move(ends.first),
                   [&](auto end) { near_.Adopt(*std::move(end)); });
    near_.Destroy();
    TurnUntil([&] { return server.Handshake() && near_; });
    near_.Destroy();
  }

  // What the server shows from now on.
  void Replace(const std::string& common_name) {
    files().Show(ca().Issue({.common_name = common_name, .names = "DNS:localhost"}), "replaced",
                 &server_options_);
  }

  SslSession NewSession() { return SslSession(SSL_SESSION_new()); }
};

TEST_F(TlsSessionsTest, AClientThatComesAgainResumes) {
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  ConnectAndDisconnect(client, server);
  EXPECT_EQ(client.sessions_resumed(), 0u);
  for (uint64_t i = 1; i < 5; ++i) {
    ConnectAndDisconnect(client, server);
    EXPECT_EQ(client.sessions_resumed(), i);
    EXPECT_EQ(server.sessions_resumed(), i);
  }
}

TEST_F(TlsSessionsTest, AResumedSessionStillKnowsWhoTheClientIs) {
  server_options_ = files().MutualServer();
  client_options_ = files().MutualClient();
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  ConnectAndDisconnect(client, server);
  Connect(client, server);
  EXPECT_EQ(server.sessions_resumed(), 1u);
  ASSERT_NE(far_->peer()->certificate, nullptr);
  EXPECT_EQ(far_->peer()->certificate->common_name, "alice");
  ASSERT_NE(near_->peer()->certificate, nullptr);
  EXPECT_EQ(near_->peer()->certificate->common_name, "server");
}

TEST_F(TlsSessionsTest, OtherNamesAndOtherClientsDoNotShareSessions) {
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  ConnectAndDisconnect(client, server);
  Connect(client, server, "127.0.0.1");
  EXPECT_EQ(client.sessions_resumed(), 0u);
  Connect(ClientTls(), server);
  EXPECT_EQ(server.sessions_resumed(), 0u);
}

TEST_F(TlsSessionsTest, SessionsOfTls12AreResumedAgainAndAgain) {
  const SslContext context = BareTls::NewServerContext(server_options_);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  const Tls client = ClientTls();
  ConnectToOldServer(client, context.get());
  EXPECT_EQ(client.sessions_resumed(), 0u);
  ConnectToOldServer(client, context.get());
  ConnectToOldServer(client, context.get());
  EXPECT_EQ(client.sessions_resumed(), 2u);
}

TEST_F(TlsSessionsTest, AServerThatHasForgottenIsNoTrouble) {
  const Tls client = ClientTls();
  ConnectAndDisconnect(client, ServerTls());
  ConnectAndDisconnect(client, ServerTls());
  EXPECT_EQ(client.sessions_resumed(), 0u);
}

TEST_F(TlsSessionsTest, AReloadedServerShowsItsNewCertificate) {
  Replace("first");
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  Connect(client, server);
  EXPECT_EQ(near_->peer()->certificate->common_name, "first");
  Replace("second");
  ASSERT_TRUE(server.Reload().ok());
  Disconnect();
  Connect(client, server);
  EXPECT_EQ(near_->peer()->certificate->common_name, "second");
  EXPECT_EQ(client.sessions_resumed(), 0u);
}

TEST_F(TlsSessionsTest, AReloadThatFailsChangesNothing) {
  Replace("first");
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  files().folder().Write("replaced.pem", "broken");
  EXPECT_FALSE(server.Reload().ok());
  Connect(client, server);
  EXPECT_EQ(near_->peer()->certificate->common_name, "first");
}

TEST_F(TlsSessionsTest, AReloadedClientForgetsWhomItHasTrusted) {
  client_options_.ca_file = files().folder().Write("trusted.pem", ca().pem());
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  ConnectAndDisconnect(client, server);
  const auto other = TestCertificate::SelfSigned({.common_name = "Other CA", .is_ca = true});
  files().folder().Write("trusted.pem", other.pem());
  ASSERT_TRUE(client.Reload().ok());
  Connect(client, server);
  EXPECT_THAT(ClientError(), HasSubstr("none of the CAs in "));
}

TEST_F(TlsSessionsTest, HandshakesGoOnWhileOthersReload) {
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  std::atomic<bool> stop = false;
  std::thread reloads([&] {
    while (!stop) EXPECT_TRUE(client.Reload().ok() && server.Reload().ok());
  });
  ThreadedHandshakes first(client, server);
  ThreadedHandshakes second(client, server);
  first.Wait();
  second.Wait();
  stop = true;
  reloads.join();
}

TEST_F(TlsSessionsTest, NoMoreAreKeptThanTheLimits) {
  TlsSessions sessions;
  for (size_t i = 0; i <= TlsSessions::kServersMax; ++i) {
    for (size_t j = 0; j <= TlsSessions::kSessionsPerServerMax; ++j) {
      sessions.Put("server " + std::to_string(i), NewSession());
    }
  }
  EXPECT_EQ(sessions.server_count(), TlsSessions::kServersMax);
  EXPECT_EQ(sessions.session_count(),
            TlsSessions::kServersMax * TlsSessions::kSessionsPerServerMax);
}

TEST_F(TlsSessionsTest, WhatCannotBeResumedIsNotGivenOut) {
  TlsSessions sessions;
  sessions.Put("server", NewSession());
  EXPECT_EQ(sessions.Take("server"), nullptr);
  EXPECT_EQ(sessions.Take("another"), nullptr);
  EXPECT_EQ(sessions.session_count(), 0u);
}

}  // namespace
}  // namespace rpc::net
