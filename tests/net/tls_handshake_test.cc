// Handshakes that succeed, and with whom; and what is said of each that does not.
#include "rpc/net/tls_handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>

#include "rpc/net/local_transport.h"
#include "rpc/net/socket.h"
#include "rpc/net/socket_transport.h"
#include "tests/net/tls_fixture.h"
#include "tests/net/tls_pair.h"
#include "tests/support/certificates.h"

namespace rpc::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class TlsHandshakeTest : public TlsFixture {
 protected:
  // A client of ours and a stranger, who has what the client writes at first.
  void ConnectToStranger() {
    auto ends = NewLocalTransports(loop(), loop());
    far_.Adopt(std::move(ends.second));
    handshake_ = TlsConnect(loop(), ClientTls(), "localhost", "tls://localhost:1",
                            std::move(ends.first), KeepStatus(&client_status_));
    TurnUntil([&] { return !far_.input().empty(); });
  }

  // A server of ours and a stranger.
  void AcceptStranger() {
    auto ends = NewLocalTransports(loop(), loop());
    near_.Adopt(std::move(ends.first));
    handshake_ =
        TlsAccept(loop(), ServerTls(), std::move(ends.second), KeepStatus(&server_status_));
  }

  TlsHandshake::Done KeepStatus(absl::Status* status) {
    return [this, status](auto result) {
      *status = result.status();
      done_ = true;
    };
  }

  // A client with OpenSSL alone, that is to be refused.
  void RefuseBareClient(SslContext context) {
    auto ends = NewLocalTransports(loop(), loop());
    BareTls client(std::move(context), false, std::move(ends.first));
    handshake_ =
        TlsAccept(loop(), ServerTls(), std::move(ends.second), KeepStatus(&server_status_));
    TurnUntil([&] {
      client.Handshake();
      return done_;
    });
  }

  void TurnUntilDone() {
    TurnUntil([&] { return done_; });
  }

  std::unique_ptr<TlsHandshake> handshake_;
  bool done_ = false;
};

TEST_F(TlsHandshakeTest, AClientLearnsWhoTheServerIs) {
  Connect();
  ASSERT_TRUE(near_);
  const std::shared_ptr<const PeerCertificate> shown = near_->peer()->certificate;
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(shown->common_name, "server");
  EXPECT_THAT(shown->dns_names, ElementsAre("localhost"));
  EXPECT_EQ(far_->peer()->certificate, nullptr);
}

TEST_F(TlsHandshakeTest, AServerLearnsWhoTheClientIs) {
  server_options_ = files().MutualServer();
  client_options_ = files().MutualClient();
  Connect();
  ASSERT_TRUE(far_);
  const std::shared_ptr<const PeerCertificate> shown = far_->peer()->certificate;
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(shown->common_name, "alice");
  EXPECT_EQ(shown->subject, "CN=alice,O=Example");
  EXPECT_THAT(shown->uris, ElementsAre("spiffe://example/alice"));
  EXPECT_THAT(shown->dns_names, ElementsAre("alice.example"));
  EXPECT_EQ(shown->sha256.size(), 64u);
}

TEST_F(TlsHandshakeTest, AClientMayBeAllowedToComeWithoutACertificate) {
  server_options_ = files().MutualServer();
  server_options_.client_certificate_optional = true;
  Connect();
  ASSERT_TRUE(far_);
  EXPECT_EQ(far_->peer()->certificate, nullptr);
}

TEST_F(TlsHandshakeTest, AnOptionalCertificateIsVerifiedAllTheSame) {
  server_options_ = files().MutualServer();
  server_options_.client_certificate_optional = true;
  files().Show(TestCertificate::SelfSigned({.common_name = "mallory"}), "mallory",
               &client_options_);
  Connect();
  EXPECT_THAT(ServerError(), HasSubstr("the client's certificate comes from a self-signed "
                                       "certificate (CN=mallory,O=Example)"));
  EXPECT_TRUE(absl::IsUnauthenticated(server_status_)) << server_status_;
}

TEST_F(TlsHandshakeTest, AClientWithoutTheCertificateThatIsAskedForIsToldSo) {
  server_options_ = files().MutualServer();
  Connect();
  EXPECT_EQ(ServerError(),
            "no TLS with local: the client has shown no certificate, and one is required");
  ASSERT_TRUE(near_) << "TLS 1.3 tells it afterwards";
  TurnUntil([&] { return near_.ended(); });
  EXPECT_THAT(std::string(near_.why().message()),
              HasSubstr("the server asks for a client certificate and none is configured"));
  EXPECT_TRUE(absl::IsUnauthenticated(near_.why())) << near_.why();
}

// What the client writes meanwhile would make the server's system reset the connection, and the
// client would lose what the server has said.
TEST_F(TlsHandshakeTest, AClientThatWritesAtOnceIsToldAsWell) {
  server_options_ = files().MutualServer();
  ConnectOverSockets();
  ASSERT_TRUE(near_);
  near_.Send(Pattern(2'000'000));
  TurnUntil([&] { return near_.ended(); });
  EXPECT_THAT(std::string(near_.why().message()),
              HasSubstr("the server asks for a client certificate and none is configured"));
}

TEST_F(TlsHandshakeTest, AClientIsToldThatItsCertificateIsNotAccepted) {
  server_options_ = files().MutualServer();
  files().Show(TestCertificate::SelfSigned({.common_name = "mallory"}), "mallory",
               &client_options_);
  Connect();
  ASSERT_TRUE(near_);
  TurnUntil([&] { return near_.ended(); });
  EXPECT_THAT(std::string(near_.why().message()),
              StartsWith("TLS with local has failed: the server does not accept our certificate"));
}

TEST_F(TlsHandshakeTest, WithoutANameThereIsNoTls) {
  Connect("");
  EXPECT_TRUE(absl::IsInvalidArgument(client_status_));
  EXPECT_THAT(ClientError(), HasSubstr("set server_name"));
  EXPECT_EQ(ServerError(),
            "no TLS with local: the client closed the connection during the TLS handshake");
  Connect(".example.com");
  EXPECT_THAT(ClientError(), HasSubstr("no certificate can bear the name .example.com"));
}

TEST_F(TlsHandshakeTest, EachSideHasItsOwnKindOfTls) {
  Connect(ServerTls(), ServerTls());
  EXPECT_EQ(ClientError(), "a channel needs a Tls::Client, not a Tls::Server");
  Connect(ClientTls(), ClientTls());
  EXPECT_EQ(ServerError(), "a listener needs a Tls::Server, not a Tls::Client");
}

TEST_F(TlsHandshakeTest, WhatIsSaidAtOnceIsNotLost) {
  auto ends = NewLocalTransports(loop(), loop());
  BareTls client(BareTls::NewClientContext(), false, std::move(ends.first));
  auto accepting = TlsAccept(loop(), ServerTls(), std::move(ends.second),
                             [&](auto accepted) { far_.Adopt(*std::move(accepted)); });
  TurnUntil([&] {
    client.Move();
    // The client's last flight and its first words go together.
    return SSL_do_handshake(client.ssl()) == 1;
  });
  client.Write("early");
  TurnUntil([&] { return far_.input() == "early"; });
}

TEST_F(TlsHandshakeTest, AServerThatClosesAtOnceMayBeAPlainOne) {
  ConnectToStranger();
  far_.Destroy();
  TurnUntilDone();
  EXPECT_EQ(ClientError(),
            "no TLS with local: the server closed the connection during the TLS handshake: is it "
            "a plain tcp:// port?");
  EXPECT_TRUE(absl::IsUnavailable(client_status_));
}

TEST_F(TlsHandshakeTest, AServerThatResetsMayBeAPlainOne) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
  Descriptor server(pair[1]);
  handshake_ =
      TlsConnect(loop(), ClientTls(), "localhost", "",
                 NewSocketTransport(loop(), Descriptor(pair[0])), KeepStatus(&client_status_));
  TurnFor(5);
  server = Descriptor();
  TurnUntilDone();
  EXPECT_EQ(ClientError(),
            "no TLS with unix:: connection reset by peer (unix:) during the TLS handshake: is it a "
            "plain tcp:// port?");
}

TEST_F(TlsHandshakeTest, AServerThatAnswersSomethingElseIsQuoted) {
  ConnectToStranger();
  far_.Send("HTTP/1.1 400 Bad Request\r\n");
  TurnUntilDone();
  EXPECT_EQ(ClientError(),
            "no TLS with local: what came is no TLS: it begins with \"HTTP/1.1 400 Ba\"; is it a "
            "plain tcp:// port?");
}

TEST_F(TlsHandshakeTest, AClientWithoutTlsIsQuoted) {
  for (const std::string said : {"GET / HTTP/1.1\r\n", "\0\0\0\x05hello", "\x16\x01"}) {
    done_ = false;
    AcceptStranger();
    near_.Send(said.empty() ? std::string(4, '\0') : said);
    TurnUntilDone();
    EXPECT_THAT(ServerError(), HasSubstr("what came is no TLS: it begins with ")) << said;
  }
}

TEST_F(TlsHandshakeTest, GarbageInRecordsIsRefused) {
  AcceptStranger();
  near_.Send(std::string("\x16\x03\x01\x00\x05") + "nonsense");
  TurnUntilDone();
  EXPECT_THAT(ServerError(), StartsWith("no TLS with local: the client breaks TLS: "));
}

TEST_F(TlsHandshakeTest, OldVersionsAreRefused) {
  SslContext old = BareTls::NewClientContext();
  SSL_CTX_set_security_level(old.get(), 0);
  SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  RefuseBareClient(std::move(old));
  EXPECT_EQ(ServerError(), "no TLS with local: the client speaks neither TLS 1.2 nor 1.3");
}

TEST_F(TlsHandshakeTest, CiphersWithoutForwardSecrecyAreRefused) {
  SslContext weak = BareTls::NewClientContext();
  SSL_CTX_set_max_proto_version(weak.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(weak.get(), "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA");
  RefuseBareClient(std::move(weak));
  EXPECT_THAT(ServerError(), HasSubstr("no way of encryption in common with us"));
}

TEST_F(TlsHandshakeTest, AHandshakeMayBeGivenUp) {
  ConnectToStranger();
  handshake_.reset();
  TurnUntil([&] { return far_.ended(); });
  EXPECT_FALSE(done_);
}

TEST_F(TlsHandshakeTest, WhatItHasMadeMayBeDroppedAtOnce) {
  auto ends = NewLocalTransports(loop(), loop());
  BareTls client(BareTls::NewClientContext(), false, std::move(ends.first));
  handshake_ = TlsAccept(loop(), ServerTls(), std::move(ends.second), [this](auto accepted) {
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    handshake_.reset();
  });
  TurnUntil([&] { return client.Handshake() && client.end().ended(); });
  client.Read();
  EXPECT_EQ(SSL_get_shutdown(client.ssl()), SSL_RECEIVED_SHUTDOWN);
}

TEST_F(TlsHandshakeTest, NothingIsDoneWithinTheFunctionThatBegins) {
  auto ends = NewLocalTransports(loop(), loop());
  ends.second.reset();
  handshake_ = TlsConnect(loop(), ClientTls(), "", "", std::move(ends.first), [this](auto) {
    done_ = true;
    handshake_.reset();
  });
  EXPECT_FALSE(done_);
  TurnUntilDone();
}

}  // namespace
}  // namespace rpc::net
