// Whom a client trusts, and what it says of whom it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "rpc/net/local_transport.h"
#include "rpc/net/tls_handshake.h"
#include "tests/net/tls_fixture.h"
#include "tests/net/tls_pair.h"
#include "tests/support/certificates.h"

namespace rpc::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TlsTrustTest : public TlsFixture {
 protected:
  void ServerShows(const TestCertificate& certificate) {
    files().Show(certificate, "shown", &server_options_);
  }

  // A server of ours would not begin with such a certificate.
  void ConnectToBareServer() {
    TransportPair below = NewLocalTransports(loop(), loop());
    BareTls server(BareTls::NewServerContext(server_options_), true, std::move(below.second));
    bool done = false;
    const auto handshake = TlsConnect(loop(), ClientTls(), "localhost", "", std::move(below.first),
                                      [&](auto connected) {
                                        client_status_ = connected.status();
                                        done = true;
                                      });
    TurnUntil([&] {
      server.Handshake();
      return done;
    });
  }
};

TEST_F(TlsTrustTest, TheServerBearsTheNameThatWasAskedFor) {
  Connect("127.0.0.1");
  EXPECT_TRUE(near_) << client_status_;
  Connect("::1");
  EXPECT_TRUE(near_) << client_status_;
  Connect("localhost.");
  EXPECT_TRUE(near_) << client_status_;
}

TEST_F(TlsTrustTest, AWrongNameIsRefusedWithTheRightOnes) {
  Connect("example.com");
  EXPECT_EQ(ClientError(),
            "no TLS with local: the server's certificate is for DNS:localhost, IP:127.0.0.1, "
            "IP:::1 and not for example.com");
  EXPECT_TRUE(absl::IsUnauthenticated(client_status_)) << client_status_;
  EXPECT_THAT(ServerError(), StartsWith("no TLS with local: the client "));
  Connect("127.0.0.2");
  EXPECT_THAT(ClientError(), HasSubstr("and not for 127.0.0.2"));
}

TEST_F(TlsTrustTest, OnlyAlternativeNamesCount) {
  ServerShows(ca().Issue({.common_name = "localhost"}));
  Connect();
  EXPECT_THAT(ClientError(), HasSubstr("is for no name at all and not for localhost"));
}

TEST_F(TlsTrustTest, AnAsteriskStandsForOneWholeLabel) {
  ServerShows(ca().Issue({.names = "DNS:*.example.com,DNS:w*.example.org"}));
  Connect("a.example.com");
  EXPECT_TRUE(client_status_.ok()) << client_status_;
  Connect("a.b.example.com");
  EXPECT_THAT(ClientError(), HasSubstr("and not for a.b.example.com"));
  Connect("www.example.org");
  EXPECT_THAT(ClientError(), HasSubstr("and not for www.example.org"));
}

TEST_F(TlsTrustTest, TheOptionsMayNameTheServer) {
  client_options_.server_name = "localhost";
  Connect("");
  EXPECT_TRUE(near_) << client_status_;
}

TEST_F(TlsTrustTest, ACertificateThatHasExpiredIsRefused) {
  ServerShows(ca().Issue({.names = "DNS:localhost", .valid_from_s = -7200, .valid_to_s = -3600}));
  ConnectToBareServer();
  EXPECT_THAT(ClientError(), HasSubstr("the server's certificate has expired "
                                       "(CN=localhost,O=Example): it expired on 20"));
}

TEST_F(TlsTrustTest, ACertificateThatIsNotYetValidIsRefused) {
  ServerShows(ca().Issue({.names = "DNS:localhost", .valid_from_s = 3600, .valid_to_s = 7200}));
  ConnectToBareServer();
  EXPECT_THAT(ClientError(), HasSubstr("the server's certificate is not yet valid "
                                       "(CN=localhost,O=Example): it is valid only from 20"));
}

TEST_F(TlsTrustTest, TheCertificatesBetweenAreValidToday) {
  const TestCertificate between = ca().Issue(
      {.common_name = "Between", .is_ca = true, .valid_from_s = -7200, .valid_to_s = -3600});
  const TestCertificate server = between.Issue({.names = "DNS:localhost"});
  ServerShows(server);
  files().folder().Write("shown.pem", server.pem() + between.pem());
  ConnectToBareServer();
  EXPECT_THAT(ClientError(), HasSubstr("has expired (CN=Between,O=Example, at depth 1 of its "
                                       "chain): it expired on 20"));
}

TEST_F(TlsTrustTest, ASelfSignedCertificateIsRefusedUnlessItIsTrusted) {
  const TestCertificate own = TestCertificate::SelfSigned({.names = "DNS:localhost"});
  ServerShows(own);
  Connect();
  EXPECT_THAT(ClientError(),
              HasSubstr("the server's certificate comes from a self-signed certificate "
                        "(CN=localhost,O=Example) that is not among the CAs in "));
  client_options_.ca_file = server_options_.certificate_file;
  Connect();
  EXPECT_TRUE(near_) << client_status_;
}

TEST_F(TlsTrustTest, AnotherCaIsNotTrusted) {
  const auto other = TestCertificate::SelfSigned({.common_name = "Other CA", .is_ca = true});
  ServerShows(other.Issue({.names = "DNS:localhost"}));
  Connect();
  EXPECT_THAT(ClientError(), HasSubstr("unable to get its local issuer: none of the CAs in " +
                                       client_options_.ca_file + " has signed it"));
  EXPECT_THAT(ServerError(), HasSubstr("the client does not accept our certificate"));
}

TEST_F(TlsTrustTest, WithoutACaFileTheSystemSaysWhomToTrust) {
  client_options_.ca_file.clear();
  Connect();
  EXPECT_THAT(ClientError(), HasSubstr("none of the CAs that this system trusts has signed it"));
}

TEST_F(TlsTrustTest, AChainLeadsToTheCa) {
  const TestCertificate between = ca().Issue({.common_name = "Between", .is_ca = true});
  const TestCertificate server = between.Issue({.names = "DNS:localhost"});
  ServerShows(server);
  Connect();
  EXPECT_THAT(ClientError(), HasSubstr("or a certificate between them is missing in the chain"));
  files().folder().Write("shown.pem", server.pem() + between.pem());
  Connect();
  EXPECT_TRUE(near_) << client_status_;
}

}  // namespace
}  // namespace rpc::net
