// Who a handler says is calling, over each way; and who may call at all.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"
#include "tests/end_to_end/echo_fixture.h"
#include "tests/end_to_end/way.h"
#include "tests/net/tls_pair.h"
#include "tests/support/certificates.h"

namespace rpc {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A server that remembers who made the last call.
class PeerTest : public testing::Test {
 protected:
  PeerTest() {
    server_.Add(std::make_shared<echo::EchoService>());
    server_.Use([this](ServerContext& context, Next next) -> Task<> {
      peer_ = context.peer();
      co_return co_await next();
    });
  }

  absl::Status Call(Way way) {
    const std::string address = ListenOver(way, &server_);
    EXPECT_TRUE(way == Way::kInProcess || server_.Start().ok());
    const echo::Echo::Client echo(ChannelOver(way, &server_, address, {}));
    return echo.Say(Saying("hello")).Wait().status();
  }

  absl::Status CallAt(const std::string& address, const ChannelOptions& options = {}) {
    const echo::Echo::Client echo(Channel(address, options));
    return echo.Say(Saying("hello"), {.timeout = absl::Seconds(5)}).Wait().status();
  }

  Server server_;
  Peer peer_;
  TemporaryFolder folder_;
};

TEST_F(PeerTest, OverTcpIsAnAddress) {
  ASSERT_TRUE(Call(Way::kTcp).ok());
  EXPECT_THAT(peer_.address, StartsWith("tcp://127.0.0.1:"));
  EXPECT_FALSE(peer_.credentials.has_value());
  EXPECT_EQ(peer_.certificate, nullptr);
}

TEST_F(PeerTest, OverUdpIsAnAddress) {
  ASSERT_TRUE(Call(Way::kUdp).ok());
  EXPECT_THAT(peer_.address, StartsWith("udp://127.0.0.1:"));
}

// However many others ask meanwhile.
TEST_F(PeerTest, StaysWhileItsHandlerRuns) {
  server_.Use([](ServerContext& context, Next next) -> Task<> {
    const Peer& peer = context.peer();
    const std::string address = peer.address;
    absl::Status status = co_await next();
    if (peer.address != address) co_return absl::InternalError(peer.address);
    co_return status;
  });
  const std::string address = ListenOver(Way::kUdp, &server_);
  ASSERT_TRUE(server_.Start().ok());
  const echo::Echo::Client echo{Channel(address)};
  rpc::Run([&]() -> Task<void> {
    std::vector<rpc::Call<echo::SayReply>> calls;
    for (uint32_t i = 0; i < 300; ++i) calls.push_back(echo.Sleep(SleepFor(1 + i % 20)));
    for (const auto& reply : co_await WhenAll(std::move(calls))) {
      EXPECT_TRUE(reply.ok()) << reply.status();
    }
  });
}

TEST_F(PeerTest, OverAUnixSocketIsAProcessOfAUser) {
  ASSERT_TRUE(Call(Way::kAbstract).ok());
  EXPECT_THAT(peer_.address, StartsWith("unix:@"));
  ASSERT_TRUE(peer_.credentials.has_value());
  EXPECT_EQ(peer_.credentials->pid, getpid());
  EXPECT_EQ(peer_.credentials->uid, getuid());
  EXPECT_EQ(peer_.credentials->gid, getgid());
}

TEST_F(PeerTest, OverTlsIsNobodyWithoutACertificate) {
  ASSERT_TRUE(Call(Way::kTls).ok());
  EXPECT_THAT(peer_.address, StartsWith("tls://127.0.0.1:"));
  EXPECT_EQ(peer_.certificate, nullptr);
}

TEST_F(PeerTest, OverMutualTlsIsWhoTheCertificateNames) {
  ASSERT_TRUE(Call(Way::kMutualTls).ok());
  ASSERT_NE(peer_.certificate, nullptr);
  EXPECT_EQ(peer_.certificate->common_name, "alice");
  EXPECT_THAT(peer_.certificate->uris, testing::ElementsAre("spiffe://example/alice"));
  EXPECT_EQ(peer_.certificate->sha256.size(), 64u);
}

TEST_F(PeerTest, WithinTheProcessIsLocal) {
  ASSERT_TRUE(Call(Way::kInProcess).ok());
  EXPECT_EQ(peer_.address, "local");
}

TEST_F(PeerTest, WithoutACertificateDoesNotGetInWhereOneIsAsked) {
  ASSERT_TRUE(server_.Listen("tls://127.0.0.1:0", {.tls = &ServerTls(Way::kMutualTls)}).ok());
  ASSERT_TRUE(server_.Start().ok());
  const absl::Status status = CallAt(server_.addresses().front(), {.tls = &ClientTls(Way::kTls)});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("certificate"));
  EXPECT_EQ(peer_.address, "");
}

TEST_F(PeerTest, WithoutTlsIsToldToUseIt) {
  ASSERT_TRUE(server_.Listen("tls://127.0.0.1:0", {.tls = &ServerTls(Way::kTls)}).ok());
  ASSERT_TRUE(server_.Start().ok());
  const std::string plain = "tcp" + server_.addresses().front().substr(3);
  const absl::Status status = CallAt(plain);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("connect with tls://"));
  EXPECT_GE(server_.counters().plain_refused, 1u);
}

TEST_F(PeerTest, WithoutTlsGetsInWhereThatIsAllowed) {
  ASSERT_TRUE(
      server_.Listen("tls://127.0.0.1:0", {.tls = &ServerTls(Way::kTls), .plain_allowed = true})
          .ok());
  ASSERT_TRUE(server_.Start().ok());
  const std::string address = server_.addresses().front();
  EXPECT_TRUE(CallAt(address, {.tls = &ClientTls(Way::kTls)}).ok());
  EXPECT_THAT(peer_.address, StartsWith("tls://"));
  EXPECT_TRUE(CallAt("tcp" + address.substr(3)).ok());
  EXPECT_THAT(peer_.address, StartsWith("tcp://"));
}

TEST_F(PeerTest, WithTlsOnAPlainAddressIsToldThatItIsPlain) {
  ASSERT_TRUE(server_.Listen("tcp://127.0.0.1:0").ok());
  ASSERT_TRUE(server_.Start().ok());
  const std::string secure = "tls" + server_.addresses().front().substr(3);
  const absl::Status status = CallAt(secure, {.tls = &ClientTls(Way::kTls)});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("is it a plain tcp:// port?"));
  EXPECT_GE(server_.counters().not_frames, 1u);
}

TEST_F(PeerTest, TlsWorksOverUnixSocketsToo) {
  const std::string address = "unix://" + folder_.PathOf("secure.sock");
  ASSERT_TRUE(server_.Listen(address, {.tls = &ServerTls(Way::kMutualTls)}).ok());
  ASSERT_TRUE(server_.Start().ok());
  const absl::Status nameless = CallAt(address, {.tls = &ClientTls(Way::kMutualTls)});
  EXPECT_THAT(std::string(nameless.message()), HasSubstr("set server_name"));
  TlsOptions options = net::TlsTestFiles::Get().MutualClient();
  options.server_name = "localhost";
  const absl::StatusOr<Tls> client = Tls::Client(options);
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE(CallAt(address, {.tls = &*client}).ok());
  EXPECT_EQ(peer_.certificate->common_name, "alice");
  EXPECT_EQ(peer_.credentials->pid, getpid());
}

// What is wrong with an address or its options is said when it is listened on, or called.
TEST_F(PeerTest, TlsWhereItCannotBeIsRefused) {
  const Tls& tls = ServerTls(Way::kTls);
  const absl::Status without = server_.Listen("tls://127.0.0.1:0");
  EXPECT_THAT(std::string(without.message()),
              HasSubstr("tls://127.0.0.1:0: it needs a certificate"));
  const absl::Status on_tcp = server_.Listen("tcp://127.0.0.1:0", {.tls = &tls});
  EXPECT_THAT(std::string(on_tcp.message()), HasSubstr("TLS is for tls:// and unix:"));
  const absl::Status of_client =
      server_.Listen("tls://127.0.0.1:0", {.tls = &ClientTls(Way::kTls)});
  EXPECT_EQ(of_client.code(), absl::StatusCode::kInvalidArgument) << of_client;
  EXPECT_EQ(CallAt("udp://127.0.0.1:1", {.tls = &ClientTls(Way::kTls)}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CallAt("tls://127.0.0.1:1", {.tls = &tls}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PeerTest, ACertificateIsReplacedWithoutARestart) {
  const TestCertificate ca = TestCertificate::SelfSigned({.common_name = "ca", .is_ca = true});
  const auto write = [&](const std::string& name) {
    const TestCertificate certificate =
        ca.Issue({.common_name = name, .names = "DNS:localhost,DNS:" + name});
    folder_.Write("server.key", certificate.key_pem());
    return folder_.Write("server.pem", certificate.pem());
  };
  const std::string file = write("first");
  const auto tls =
      Tls::Server({.certificate_file = file, .key_file = folder_.PathOf("server.key")});
  ASSERT_TRUE(tls.ok()) << tls.status();
  ASSERT_TRUE(server_.Listen("tls://127.0.0.1:0", {.tls = &*tls}).ok());
  ASSERT_TRUE(server_.Start().ok());
  const std::string ca_file = folder_.Write("ca.pem", ca.pem());
  const auto first = Tls::Client({.ca_file = ca_file, .server_name = "first"});
  const auto second = Tls::Client({.ca_file = ca_file, .server_name = "second"});
  const std::string address = server_.addresses().front();
  const Channel open(address, {.tls = &*first});
  const echo::Echo::Client echo(open);
  ASSERT_TRUE(echo.Say(Saying("hello")).Wait().ok());

  folder_.Write("server.pem", "no certificate");
  const absl::Status refused = server_.ReloadCertificates();
  EXPECT_THAT(std::string(refused.message()), HasSubstr(file));
  EXPECT_TRUE(CallAt(address, {.tls = &*first}).ok());

  write("second");
  ASSERT_TRUE(server_.ReloadCertificates().ok());
  EXPECT_TRUE(CallAt(address, {.tls = &*second}).ok());
  const absl::Status of_old_name = CallAt(address, {.tls = &*first});
  EXPECT_EQ(of_old_name.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(of_old_name.message()), HasSubstr("second"));
  EXPECT_TRUE(echo.Say(Saying("still here")).Wait().ok());
}

// Both sides waive md5: what TLS guards needs no second check.
TEST_F(PeerTest, Md5IsWaivedOverTlsWhenBothSidesSaySo) {
  const TestCertificate ca = TestCertificate::SelfSigned({.common_name = "ca", .is_ca = true});
  const TestCertificate certificate = ca.Issue({.names = "DNS:localhost"});
  const auto tls = Tls::Server({.certificate_file = folder_.Write("s.pem", certificate.pem()),
                                .key_file = folder_.Write("s.key", certificate.key_pem()),
                                .md5_waived = true});
  const auto client = Tls::Client({.ca_file = folder_.Write("ca.pem", ca.pem()),
                                   .server_name = "localhost",
                                   .md5_waived = true});
  ASSERT_TRUE(tls.ok() && client.ok());
  ASSERT_TRUE(server_.Listen("tls://127.0.0.1:0", {.tls = &*tls}).ok());
  ASSERT_TRUE(server_.Start().ok());
  const Channel channel(server_.addresses().front(), {.tls = &*client});
  const echo::Echo::Client echo(channel);
  for (const size_t size : {size_t{10}, size_t{1'000'000}}) {
    const auto reply = echo.Say(Saying(std::string(size, 'x'))).Wait();
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->text().size(), size);
  }
  EXPECT_EQ(server_.counters().bodies_corrupted, 0u);
}

// Files of unix sockets.

TEST_F(PeerTest, TheFileOfAUnixSocketHasThePermissionsThatWereAskedFor) {
  const std::string path = folder_.PathOf("echo.sock");
  ASSERT_TRUE(server_.Listen("unix://" + path, {.socket = {.unix_permissions = 0640}}).ok());
  struct stat file = {};
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0640u);
}

TEST_F(PeerTest, AFileThatIsNoSocketStays) {
  const std::string path = folder_.Write("precious", "data");
  const absl::Status status = server_.Listen("unix://" + path);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("not a socket"));
  EXPECT_TRUE(std::ifstream(path).good());
}

}  // namespace
}  // namespace rpc
