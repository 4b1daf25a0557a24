#include "rpc/net/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rpc/net/socket_transport.h"
#include "rpc/net/tls_handshake.h"
#include "tests/net/loop_fixture.h"
#include "tests/net/tls_pair.h"

namespace rpc::net {
namespace {

using testing::HasSubstr;

// Whoever comes is asked in at a gate.
class GateTest : public LoopFixture, private Gate::User {
 protected:
  void Open(const Gate::Rules& rules = {}) {
    gate_.emplace(loop(), *Tls::Server(TlsTestFiles::Get().Server()), rules,
                  static_cast<Gate::User*>(this));
  }

  // The visitor's end of a connection whose other end stands at the gate.
  Descriptor Visit() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    InTurn([&] { gate_->Enter(Descriptor(ends[0])); });
    return Descriptor(ends[1]);
  }

  static void Say(const Descriptor& visitor, std::string_view bytes) {
    EXPECT_EQ(send(visitor.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  void AwaitTurnedAway(size_t count = 1) {
    TurnUntil([&] { return turned_away_.size() >= count; });
  }

  std::optional<Gate> gate_;
  std::vector<std::unique_ptr<Transport>> secure_;
  std::vector<std::unique_ptr<Transport>> plain_;
  std::string first_bytes_;  // of those
  std::vector<absl::Status> turned_away_;

 private:
  void OnSecure(std::unique_ptr<Transport> transport) override {
    secure_.push_back(std::move(transport));
  }
  void OnPlain(std::unique_ptr<Transport> transport, std::string_view first_bytes) override {
    plain_.push_back(std::move(transport));
    first_bytes_ += first_bytes;
  }
  void OnTurnedAway(const absl::Status& why) override { turned_away_.push_back(why); }
};

TEST_F(GateTest, LetsInWhoShakesHands) {
  Open();
  std::unique_ptr<Transport> client;
  const auto handshake = TlsConnect(loop(), *Tls::Client(TlsTestFiles::Get().Client()), "localhost",
                                    "unix:@here", NewSocketTransport(loop(), Visit()),
                                    [&](auto done) { client = *std::move(done); });
  TurnUntil([&] { return client != nullptr && secure_.size() == 1; });
  EXPECT_TRUE(gate_->empty());
}

TEST_F(GateTest, TellsPlainVisitorsByTheirFirstByte) {
  Open();
  const Descriptor native = Visit();
  const Descriptor http = Visit();
  Say(native, std::string_view("\0\0\0\1", 4));
  TurnUntil([&] { return plain_.size() == 1; });
  Say(http, "GET / HTTP/1.1");
  TurnUntil([&] { return plain_.size() == 2; });
  EXPECT_EQ(first_bytes_, std::string("\0\0\0\1GET /", 9));
  EXPECT_TRUE(gate_->empty());
}

TEST_F(GateTest, TurnsAwayWhoSaysNothing) {
  Open({.timeout_us = 20'000});
  const Descriptor silent = Visit();
  AwaitTurnedAway();
  EXPECT_THAT(std::string(turned_away_[0].message()), HasSubstr("within 20ms"));
  char byte;
  EXPECT_EQ(recv(silent.get(), &byte, 1, 0), 0);
}

// The start of a TLS record that announces 512 bytes, and then nothing.
TEST_F(GateTest, TurnsAwayWhoStopsInTheMiddleOfTheHandshake) {
  Open({.timeout_us = 20'000});
  const Descriptor slow = Visit();
  Say(slow, std::string_view("\x16\x03\x01\x02\x00\x01\x00", 7));
  AwaitTurnedAway();
  EXPECT_TRUE(gate_->empty());
}

TEST_F(GateTest, TurnsAwayWhoSpeaksNoTlsAfterItsFirstByte) {
  Open();
  const Descriptor liar = Visit();
  Say(liar, "\x16 this is no handshake at all");
  AwaitTurnedAway();
  EXPECT_FALSE(turned_away_[0].ok());
}

TEST_F(GateTest, TurnsAwayWhoLeaves) {
  Open();
  Visit();
  AwaitTurnedAway();
  EXPECT_THAT(std::string(turned_away_[0].message()), HasSubstr("before the TLS handshake"));
}

TEST_F(GateTest, TheOldestGivesWayWhenThereAreTooMany) {
  Open({.waiting_max = 3});
  std::vector<Descriptor> visitors;
  for (int i = 0; i < 5; ++i) visitors.push_back(Visit());
  AwaitTurnedAway(2);
  EXPECT_THAT(std::string(turned_away_[0].message()), HasSubstr("at most 3"));
  char byte;
  EXPECT_EQ(recv(visitors[0].get(), &byte, 1, 0), 0);
  EXPECT_EQ(recv(visitors[1].get(), &byte, 1, 0), 0);
  EXPECT_EQ(recv(visitors[2].get(), &byte, 1, 0), -1);  // still there
}

TEST_F(GateTest, ThatClosesGivesThoseWhoWaitAMoment) {
  Open();
  const Descriptor silent = Visit();
  InTurn([&] { gate_->CloseAt(loop()->now_us() + 10'000); });
  AwaitTurnedAway();
  EXPECT_TRUE(gate_->empty());
}

TEST_F(GateTest, WithoutALimitOfTimeWaitsForEver) {
  Open({.timeout_us = kNever});
  const Descriptor silent = Visit();
  TurnFor(20);
  EXPECT_TRUE(turned_away_.empty());
  EXPECT_FALSE(gate_->empty());
}

TEST_F(GateTest, ThatGoesClosesOnWhoWaits) {
  Open();
  const Descriptor silent = Visit();
  TurnFor(5);
  gate_.reset();
  char byte;
  EXPECT_EQ(recv(silent.get(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace rpc::net
