// TLS as a stranger may misuse it: handshakes that are begun and left, or begun and not gone on
// with, and renegotiation.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "rpc/net/tls_openssl.h"
#include "services/echo/echo.rpc.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacker.h"
#include "tests/net/tls_pair.h"
#include "tests/support/eventually.h"

namespace rpc::attacks {
namespace {

// A client of OpenSSL's alone, as bytes: what it wants to send, and what it is given.
class BareTls {
 public:
  explicit BareTls(int version_max = TLS1_3_VERSION) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }

  SSL* ssl() const { return ssl_.get(); }

  std::string TakeOutput() {
    char bytes[16 << 10];
    std::string output;
    for (int size; (size = BIO_read(SSL_get_wbio(ssl()), bytes, sizeof(bytes))) > 0;) {
      output.append(bytes, static_cast<size_t>(size));
    }
    return output;
  }
  void Feed(std::string_view bytes) {
    BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
  }

 private:
  net::SslContext context_;
  net::Ssl ssl_;
};

std::string ClientHello() {
  BareTls tls;
  SSL_do_handshake(tls.ssl());
  return tls.TakeOutput();
}

const Tls& GoodTls() {
  static const auto tls = Tls::Client(net::TlsTestFiles::Get().Client());
  EXPECT_TRUE(tls.ok()) << tls.status();
  return *tls;
}

// Shakes hands for each of its calls.
Channel GoodTlsClient(const AttackedServer& server) {
  return Channel(server.tls(), {.connection_per_call = true, .tls = &GoodTls()});
}

// Shakes hands once.
Channel SteadyTlsClient(const AttackedServer& server) {
  return Channel(server.tls(), {.tls = &GoodTls()});
}

constexpr size_t kHandshakesMax = 200;

ServerPlan PlanWithHandshakes() {
  return {.options = {.handshake_timeout = absl::Seconds(3), .handshakes_max = kHandshakesMax}};
}

// Each costs the server a signature.
TEST(HandshakeFlood, OfClientsThatLeaveKeepsNothing) {
  constexpr int kCount = Sanitized(2'000, 200);
  AttackedServer server(PlanWithHandshakes());
  Attack attack(&server, "handshakes that are left", GoodTlsClient(server));
  const std::string hello = ClientHello();
  for (int i = 0; i < kCount; ++i) {
    Attacker attacker(server.tls());
    attacker.SendUnread(hello);
    if (i % 2 == 0) attacker.ReadUntil(1);
  }
  EXPECT_TRUE(
      server.Eventually([](const Figures& f) { return f.counters.handshakes_failed >= kCount; }));
  attack.End({.heap_size_max = 64 * kKilobyte * static_cast<int64_t>(kHandshakesMax),
              .heap_size_left = kMegabyte,
              .rss_size_max = 64 * kKilobyte * static_cast<int64_t>(kHandshakesMax),
              .cpu = absl::Seconds(20),
              .wall = absl::Seconds(40)});
}

// A new good client's handshake may be the oldest in turn, when the machine leaves it no time: who
// is in already is served.
TEST(HandshakeFlood, OfClientsThatStallMakesTheOldestGiveWay) {
  constexpr int kCount = Sanitized(2'000, 400);
  AttackedServer server(PlanWithHandshakes());
  Attack attack(&server, "handshakes that stall", SteadyTlsClient(server));
  const std::string hello = ClientHello();
  Attackers attackers;
  for (int i = 0; i < kCount; ++i) {
    attackers.emplace_back(server.tls());
    attackers.back().SendUnread(hello);
    if (i % 10 == 0) absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_TRUE(
      server.Eventually([](const Figures& f) { return f.counters.handshakes_failed >= kCount; }));
  EXPECT_TRUE(AllEnd(attackers, absl::Seconds(10)));
  const echo::Echo::Client newcomer{GoodTlsClient(server)};
  EXPECT_TRUE(newcomer.Say(echo::SayRequest()).Wait().ok());
  attack.End({.heap_size_max = 64 * kKilobyte * static_cast<int64_t>(kHandshakesMax),
              .heap_size_left = kMegabyte,
              .rss_size_max = 64 * kKilobyte * static_cast<int64_t>(kHandshakesMax),
              .cpu = absl::Seconds(20),
              .wall = absl::Seconds(40)});
}

// One connection over TLS 1.2, which knows renegotiation.
class Renegotiator {
 public:
  explicit Renegotiator(const std::string& address) : attacker_(address) {}

  bool Connect() { return ShakeHands() == 1; }

  // Whether the server has said that it will not, in a warning or by closing.
  bool IsRefused() {
    ERR_clear_error();
    if (SSL_renegotiate(tls_.ssl()) != 1) return false;
    if (ShakeHands() == 1) return false;
    return attacker_.ended() || ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION;
  }

 private:
  // What SSL_do_handshake says when nothing more comes, or nothing more has to.
  int ShakeHands() {
    for (;;) {
      const int done = SSL_do_handshake(tls_.ssl());
      const bool waits = SSL_get_error(tls_.ssl(), done) == SSL_ERROR_WANT_READ;
      attacker_.Send(tls_.TakeOutput());
      if (done == 1 || !waits) return done;
      if (!attacker_.ReadUntil(attacker_.received_size() + 1, kPatience)) return done;
      tls_.Feed(attacker_.TakeReceived());
    }
  }

  static constexpr absl::Duration kPatience = absl::Seconds(Sanitized(10, 60));

  BareTls tls_{TLS1_2_VERSION};
  Attacker attacker_;
};

TEST(Renegotiation, IsRefused) {
  constexpr int kCount = Sanitized(200, 20);
  AttackedServer server(PlanWithHandshakes());
  Attack attack(&server, "renegotiation", GoodTlsClient(server));
  for (int i = 0; i < kCount; ++i) {
    Renegotiator renegotiator(server.tls());
    ASSERT_TRUE(renegotiator.Connect());
    EXPECT_TRUE(renegotiator.IsRefused());
  }
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.connections_open <= 1; }));
  attack.End({.heap_size_max = 2 * kMegabyte,
              .heap_size_left = kMegabyte,
              .rss_size_max = 4 * kMegabyte,
              .cpu = absl::Seconds(5),
              .wall = absl::Seconds(20)});
}

}  // namespace
}  // namespace rpc::attacks
