// What a transport over TLS does beyond what every transport does (transport_test.cc): with bytes
// that come in crumbs, and with peers that misbehave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rpc/net/local_transport.h"
#include "rpc/net/transport.h"
#include "tests/net/tls_fixture.h"
#include "tests/net/tls_pair.h"
#include "tests/net/transport_end.h"
#include "tests/net/trickle.h"

namespace rpc::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TlsTransportTest : public TlsFixture {
 protected:
  // Of our TLS over a connection that passes on little at once.
  void ConnectOverTrickle(size_t size_max) {
    TransportPair below = NewLocalTransports(loop(), loop());
    below.first = std::make_unique<Trickle>(loop(), std::move(below.first), size_max);
    below.second = std::make_unique<Trickle>(loop(), std::move(below.second), size_max);
    TlsPair pair(loop(), ClientTls(), ServerTls(), std::move(below));
    TurnUntil([&] { return pair.done(); });
    TransportPair ends = pair.Take();
    near_.Adopt(std::move(ends.first));
    far_.Adopt(std::move(ends.second));
  }

  // Our client, near_, and a server that is OpenSSL alone.
  void ConnectToBareServer() {
    TransportPair below = NewLocalTransports(loop(), loop());
    bare_.emplace(BareTls::NewServerContext(server_options_), true, std::move(below.second));
    const auto handshake = TlsConnect(loop(), ClientTls(), "localhost", "", std::move(below.first),
                                      [&](auto end) { near_.Adopt(*std::move(end)); });
    TurnUntil([&] { return bare_->Handshake() && near_; });
  }

  // Our server, far_, and a client that is OpenSSL alone.
  void ConnectBareClient(int version) {
    TransportPair below = NewLocalTransports(loop(), loop());
    SslContext context = BareTls::NewClientContext();
    SSL_CTX_set_max_proto_version(context.get(), version);
    bare_.emplace(std::move(context), false, std::move(below.first));
    const auto handshake = TlsAccept(loop(), ServerTls(), std::move(below.second),
                                     [&](auto end) { far_.Adopt(*std::move(end)); });
    TurnUntil([&] { return bare_->Handshake() && far_; });
  }

  void Turn() { TurnFor(1); }

  std::string NearError() {
    TurnUntil([&] { return near_.ended(); });
    return std::string(near_.why().message());
  }

  std::optional<BareTls> bare_;
};

TEST_F(TlsTransportTest, BytesMayComeOneByOne) {
  ConnectOverTrickle(1);
  near_.Send(Pattern(1'000), 100);
  far_.Send(Pattern(500), 100);
  TurnUntil([&] { return far_.input().size() == 1'000 && near_.input().size() == 500; });
  EXPECT_EQ(far_.input(), Pattern(1'000));
  EXPECT_EQ(near_.input(), Pattern(500));
}

TEST_F(TlsTransportTest, MuchGoesBothWaysInSizesOfAllKinds) {
  ConnectOverTrickle(20'000);
  near_.space_size = 1'237;
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    near_.Send(Pattern(random() % 60'000), 1 + random() % 30'000);
    far_.Send(Pattern(random() % 60'000), 1 + random() % 3'000);
    Turn();
  }
  near_.Send("the end");
  far_.Send("the end");
  TurnUntil([&] { return near_.input().ends_with("the end"); });
  TurnUntil([&] { return far_.input().ends_with("the end"); });
  EXPECT_TRUE(near_.input() == far_.output());
  EXPECT_TRUE(far_.input() == near_.output());
}

TEST_F(TlsTransportTest, WhatWasTakenIsSentThoughTheWriterIsGone) {
  ConnectOverTrickle(5'000);
  InTurn([&] { far_->SetReading(false); });
  const std::string bytes = Pattern(1'000'000);
  const size_t taken = near_.WriteOnce(bytes);
  EXPECT_GT(taken, 0u);
  EXPECT_LT(taken, 100'000u);
  EXPECT_EQ(near_.WriteOnce("more"), 0u);
  near_.Destroy();
  TurnFor(5);
  InTurn([&] { far_->SetReading(true); });
  TurnUntil([&] { return far_.ended(); });
  EXPECT_TRUE(far_.why().ok()) << far_.why();
  EXPECT_TRUE(far_.input() == bytes.substr(0, taken));
}

TEST_F(TlsTransportTest, ALoopMayEndWhileSomethingIsStillToBeSent) {
  ConnectOverTrickle(100);
  near_.WriteOnce(Pattern(1'000'000));
  near_.Destroy();
  far_.Destroy();
}

TEST_F(TlsTransportTest, WhatIsDecryptedAlreadyIsReadWithoutNewBytes) {
  Connect();
  far_.space_size = 1'000;
  far_.on_input = [&] { far_->SetReading(false); };
  near_.Send(Pattern(16'000));
  TurnFor(10);
  EXPECT_EQ(far_.input().size(), 1'000u);
  InTurn([&] { far_->SetReading(true); });
  TurnUntil([&] { return far_.input().size() == 16'000; });
}

TEST_F(TlsTransportTest, TheUserMayGoWithinATurnThatBroughtMore) {
  Connect();
  near_.on_input = [&] { near_.Destroy(); };
  near_.space_size = 10;
  far_.Send(Pattern(100'000));
  far_->CloseWriting();
  TurnUntil([&] { return !near_; });
  EXPECT_EQ(near_.input().size(), 10u);
}

TEST_F(TlsTransportTest, AnEndWithoutCloseNotifyIsAFailure) {
  ConnectToBareServer();
  bare_->Write("half of a sen");
  bare_->end().Destroy();
  EXPECT_EQ(NearError(), "the connection with local was cut off without TLS close_notify");
  EXPECT_TRUE(absl::IsUnavailable(near_.why()));
  EXPECT_EQ(near_.input(), "half of a sen");
  EXPECT_EQ(near_.WriteOnce("lost"), 4u);
}

TEST_F(TlsTransportTest, AnEndWithinARecordIsAFailure) {
  ConnectToBareServer();
  SSL_write(bare_->ssl(), "secret", 6);
  std::string record = bare_->TakeOutput();
  record.pop_back();
  bare_->end().Send(record);
  bare_->end()->CloseWriting();
  EXPECT_THAT(NearError(), HasSubstr("cut off without TLS close_notify"));
  EXPECT_EQ(near_.input(), "");
}

TEST_F(TlsTransportTest, ACloseNotifyIsAGoodEnd) {
  ConnectToBareServer();
  SSL_shutdown(bare_->ssl());
  bare_->Move();
  EXPECT_EQ(NearError(), "");
  near_.Send("but we go on");
  TurnUntil([&] { return bare_->Read() == "but we go on"; });
}

TEST_F(TlsTransportTest, AnAlteredRecordIsRefused) {
  ConnectToBareServer();
  SSL_write(bare_->ssl(), "secret", 6);
  std::string record = bare_->TakeOutput();
  record.back() ^= 1;
  bare_->end().Send(record);
  EXPECT_EQ(NearError(),
            "TLS with local has failed: the server breaks TLS: decryption failed or bad record "
            "mac");
  EXPECT_EQ(near_.input(), "");
  EXPECT_EQ(near_.WriteOnce("lost"), 4u);
}

TEST_F(TlsTransportTest, GarbageBetweenRecordsIsRefused) {
  ConnectToBareServer();
  bare_->end().Send("no record at all");
  EXPECT_THAT(NearError(), StartsWith("TLS with local has failed: the server breaks TLS: "));
}

TEST_F(TlsTransportTest, AFailureIsToldOnceReadingGoesOn) {
  ConnectToBareServer();
  InTurn([&] { near_->SetReading(false); });
  bare_->end().Send("no record at all");
  TurnFor(10);
  EXPECT_FALSE(near_.ended());
  InTurn([&] { near_->SetReading(true); });
  NearError();
  EXPECT_EQ(near_.ends(), 1);
}

TEST_F(TlsTransportTest, KeysMayChange) {
  ConnectToBareServer();
  for (int i = 0; i < 20; ++i) {
    SSL_key_update(bare_->ssl(), SSL_KEY_UPDATE_REQUESTED);
    bare_->Write("x");
  }
  TurnUntil([&] { return near_.input().size() == 20; });
  near_.Send("with new keys");
  TurnUntil([&] { return bare_->Read() == "with new keys"; });
}

TEST_F(TlsTransportTest, KeysThatChangeWithoutEndAreRefused) {
  ConnectToBareServer();
  for (int i = 0; i < 40; ++i) {
    SSL_key_update(bare_->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(bare_->ssl());
  }
  bare_->Write("x");
  EXPECT_EQ(NearError(),
            "TLS with local has failed: the server sends handshake messages without end");
}

// A little data between them does not make them worth their time.
TEST_F(TlsTransportTest, KeysThatChangeForALittleDataAreRefused) {
  ConnectToBareServer();
  for (int i = 0; i < 40; ++i) {
    SSL_key_update(bare_->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    bare_->Write("x");
  }
  EXPECT_EQ(NearError(),
            "TLS with local has failed: the server sends handshake messages without end");
}

TEST_F(TlsTransportTest, TicketsWithoutEndAreRefused) {
  ConnectToBareServer();
  for (int i = 0; i < 40; ++i) {
    SSL_new_session_ticket(bare_->ssl());
    SSL_do_handshake(bare_->ssl());
  }
  bare_->Move();
  EXPECT_THAT(NearError(), HasSubstr("sends handshake messages without end"));
}

TEST_F(TlsTransportTest, RenegotiationIsRefused) {
  ConnectBareClient(TLS1_2_VERSION);
  ERR_clear_error();
  ASSERT_EQ(SSL_renegotiate(bare_->ssl()), 1);
  TurnUntil([&] {
    bare_->Handshake();
    return ERR_peek_last_error() != 0;
  });
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
}

TEST_F(TlsTransportTest, Tls12CarriesBytesBothWays) {
  ConnectBareClient(TLS1_2_VERSION);
  bare_->Write("question");
  TurnUntil([&] { return far_.input() == "question"; });
  far_.Send("answer");
  TurnUntil([&] { return bare_->Read() == "answer"; });
  far_->CloseWriting();
  TurnUntil([&] {
    bare_->Read();
    return SSL_get_shutdown(bare_->ssl()) == SSL_RECEIVED_SHUTDOWN;
  });
  bare_->Write("we go on");
  TurnUntil([&] { return far_.input() == "questionwe go on"; });
}

TEST_F(TlsTransportTest, AnIdleConnectionHoldsNoBuffers) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has an allocator of its own";
#endif
  constexpr size_t kConnections = 100;
  const Tls client = ClientTls();
  const Tls server = ServerTls();
  std::vector<TransportEnd> ends(2 * kConnections);
  Connect(client, server);
  const size_t before = mallinfo2().uordblks;
  for (size_t i = 0; i < kConnections; ++i) {
    TlsPair pair(loop(), client, server, NewLocalTransports(loop(), loop()));
    TurnUntil([&] { return pair.done(); });
    TransportPair made = pair.Take();
    ends[2 * i].space_size = ends[2 * i + 1].space_size = 64;
    ends[2 * i].Adopt(std::move(made.first));
    ends[2 * i + 1].Adopt(std::move(made.second));
    ends[2 * i].Send("ping");
    ends[2 * i + 1].Send("pong");
    TurnUntil([&] { return ends[2 * i].input() == "pong" && ends[2 * i + 1].input() == "ping"; });
  }
  const size_t each = (mallinfo2().uordblks - before) / kConnections / 2;
  RecordProperty("bytes_per_idle_connection", static_cast<int>(each));
  EXPECT_LT(each, 20u << 10);
  EXPECT_GT(each, 1u << 10);
}

}  // namespace
}  // namespace rpc::net
