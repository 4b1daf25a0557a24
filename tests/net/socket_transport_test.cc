// What only a transport over sockets meets: connections that fail.
#include "rpc/net/socket_transport.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/net/loop_fixture.h"
#include "tests/net/transport_end.h"

namespace rpc::net {
namespace {

using testing::StartsWith;

// A transport, and the bare socket of its peer.
class SocketTransportTest : public LoopFixture {
 protected:
  void SetUp() override {
    const absl::StatusOr<std::vector<Listening>> listenings =
        Listen({.scheme = Scheme::kTcp, .host = "127.0.0.1"}, 1);
    const Descriptor& listener = (*listenings)[0].sockets[0];
    const SocketAddress address = LocalAddress(listener.get());
    peer_ = Descriptor(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(connect(peer_.get(), address.get(), address.size), 0);
    end_.Adopt(NewSocketTransport(
        loop(), Descriptor(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK))));
    peer_name_ = ToString(LocalAddress(peer_.get()));
  }

  // Closes without saying goodbye.
  void Reset() {
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    peer_ = Descriptor();
  }

  void PeerSends(std::string_view bytes) {
    ASSERT_EQ(send(peer_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }

  Descriptor peer_;
  std::string peer_name_;
  TransportEnd end_;
};

// What was sent while the turn was busy with what came before is not older than that.
TEST_F(SocketTransportTest, EachReadHasItsOwnTime) {
  end_.space_size = 4;
  TimeUs sent_us = 0;
  TimeUs read_us = 0;
  end_.on_input = [&] {
    absl::SleepFor(absl::Milliseconds(20));
    PeerSends("late");
    sent_us = ClockUs();
    end_.on_input = [&] { read_us = loop()->now_us(); };
  };
  PeerSends("full");
  TurnUntil([&] { return end_.input() == "fulllate"; });
  EXPECT_GE(read_us, sent_us);
}

TEST_F(SocketTransportTest, SaysThatThePeerHasReset) {
  Reset();
  TurnUntil([&] { return end_.ended(); });
  EXPECT_EQ(end_.why(), absl::UnavailableError("connection reset by peer (" + peer_name_ + ")"));
}

TEST_F(SocketTransportTest, AFailedWriteTakesAllAndTellsItLater) {
  InTurn([&] { end_->SetReading(false); });
  Reset();
  TurnFor(10);
  EXPECT_EQ(end_.WriteOnce("lost"), 4u);
  EXPECT_EQ(end_.WriteOnce("lost too"), 8u);
  EXPECT_FALSE(end_.ended());
  InTurn([&] { end_->SetReading(true); });
  TurnUntil([&] { return end_.ended(); });
  EXPECT_EQ(end_.why(), absl::UnavailableError("connection reset by peer (" + peer_name_ + ")"));
  EXPECT_EQ(end_.WriteOnce("lost as well"), 12u);
}

TEST_F(SocketTransportTest, WhatCameBeforeAFailureIsReadFirst) {
  InTurn([&] { end_->SetReading(false); });
  PeerSends("the last words");
  peer_ = Descriptor();
  TurnFor(10);
  end_.WriteOnce("makes the peer's system reset");
  TurnFor(10);
  EXPECT_EQ(end_.WriteOnce("fails"), 5u);
  end_.space_size = 2;
  InTurn([&] { end_->SetReading(true); });
  TurnUntil([&] { return end_.ended(); });
  EXPECT_EQ(end_.input(), "the last words");
  EXPECT_TRUE(absl::IsUnavailable(end_.why())) << end_.why();
}

TEST_F(SocketTransportTest, AWriterThatWaitsIsNotCalledAfterAFailure) {
  end_.Send(std::string(8 << 20, 'x'));
  TurnFor(10);
  ASSERT_FALSE(end_.all_sent());
  Reset();
  TurnUntil([&] { return end_.ended(); });
  const int calls = end_.calls();
  EXPECT_LT(TurnFor(50), 20);
  EXPECT_EQ(end_.calls(), calls);
  EXPECT_TRUE(absl::IsUnavailable(end_.why())) << end_.why();
}

TEST_F(SocketTransportTest, NobodySpinsOverAFailureThatNobodyReads) {
  InTurn([&] { end_->SetReading(false); });
  Reset();
  TurnFor(10);
  end_.WriteOnce("fails");
  EXPECT_LT(TurnFor(100), 20);
}

TEST_F(SocketTransportTest, OthersHaveTheirTurnWhileOneReadsALot) {
  const std::string much(1 << 20, 'x');
  fcntl(peer_.get(), F_SETFL, O_NONBLOCK);
  ASSERT_GT(send(peer_.get(), much.data(), much.size(), 0), 100'000);
  end_.space_size = 1'000;
  size_t read_before = 0;
  end_.on_input = [&] { loop()->Post([&] { read_before = end_.input().size(); }); };
  TurnUntil([&] { return read_before > 0; });
  EXPECT_LE(read_before, 8'000u);
}

// A unix socket whose peer reads no more can still be read.
TEST_F(LoopFixture, AUnixPeerThatReadsNoMoreFailsTheWriteAndNotTheInput) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
  const Descriptor peer(pair[1]);
  TransportEnd end;
  end.Adopt(NewSocketTransport(loop(), Descriptor(pair[0])));
  shutdown(peer.get(), SHUT_RD);
  ASSERT_EQ(write(peer.get(), "last", 4), 4);
  EXPECT_EQ(end.WriteOnce("fails"), 5u);
  TurnUntil([&] { return end.ended(); });
  EXPECT_EQ(end.input(), "last");
  EXPECT_EQ(end.why(), absl::UnavailableError("broken pipe (unix:)"));
}

TEST_F(LoopFixture, ADescriptorThatCannotBeWatchedIsAFailedConnection) {
  const Descriptor unwatched(fileno(tmpfile()));
  TransportEnd end;
  end.Adopt(NewSocketTransport(loop(), Descriptor(dup(unwatched.get()))));
  EXPECT_FALSE(end.ended());
  TurnUntil([&] { return end.ended(); });
  EXPECT_EQ(end.ends(), 1);
  EXPECT_THAT(std::string(end.why().message()), StartsWith("operation not permitted"));
  TransportEnd gone;
  gone.Adopt(NewSocketTransport(loop(), Descriptor(dup(unwatched.get()))));
  gone.Destroy();
  TurnFor(10);
  EXPECT_EQ(gone.calls(), 0);
}

}  // namespace
}  // namespace rpc::net
