// What every transport keeps, over each kind: TCP, unix and within the process, and TLS over them.
#include "rpc/net/transport.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rpc/net/connector.h"
#include "rpc/net/listener.h"
#include "rpc/net/local_transport.h"
#include "rpc/net/socket.h"
#include "rpc/net/socket_transport.h"
#include "tests/net/loop_fixture.h"
#include "tests/net/tls_pair.h"
#include "tests/net/transport_end.h"

namespace rpc::net {
namespace {

enum class Kind { kTcp, kUnix, kLocal, kTls, kTlsOverUnix, kTlsOverLocal };

std::string NameOf(const testing::TestParamInfo<Kind>& info) {
  return std::vector<std::string>{
      "Tcp", "Unix", "Local", "Tls", "TlsOverUnix", "TlsOverLocal"}[static_cast<size_t>(
      info.param)];
}

class TransportTest : public LoopFixture, public testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override { Connect(); }

  // Both ends, which have started.
  void Connect() {
    std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>> ends;
    if (GetParam() == Kind::kLocal || GetParam() == Kind::kTlsOverLocal) {
      ends = NewLocalTransports(loop(), loop());
    } else {
      ends = ConnectSockets();
    }
    if (GetParam() >= Kind::kTls) ends = OverTls(std::move(ends));
    near_.Adopt(std::move(ends.first));
    far_.Adopt(std::move(ends.second));
  }

  std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>> ConnectSockets() {
    auto listenings = Listen(*ParseAddress(AddressToListenOn()), 1);
    address_ = (*listenings)[0].address;
    std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>> ends;
    const Listener listener(loop(), std::move((*listenings)[0].sockets[0]), [&](Descriptor socket) {
      ends.second = NewSocketTransport(loop(), std::move(socket));
    });
    const Connector connector(loop(), *ParseAddress(address_), ConnectOptions(), kNever,
                              [&](auto connected) { ends.first = *std::move(connected); });
    TurnUntil([&] { return ends.first != nullptr && ends.second != nullptr; });
    return ends;
  }

  TransportPair OverTls(TransportPair below) {
    const TlsTestFiles& files = TlsTestFiles::Get();
    TlsPair pair(loop(), *Tls::Client(files.Client()), *Tls::Server(files.Server()),
                 std::move(below));
    TurnUntil([&] { return pair.done(); });
    return pair.Take();
  }

  static std::string AddressToListenOn() {
    if (GetParam() == Kind::kTcp || GetParam() == Kind::kTls) return "tcp://127.0.0.1:0";
    return "unix:@uvrpc-transport-test-" + std::to_string(std::random_device{}());
  }

  // Writes until the other end takes no more.
  void Fill(TransportEnd* end) {
    end->Send(std::string(8 << 20, 'x'));
    TurnFor(20);
    ASSERT_FALSE(end->all_sent());
  }

  std::string address_;
  TransportEnd near_;
  TransportEnd far_;
};

INSTANTIATE_TEST_SUITE_P(Every, TransportTest,
                         testing::Values(Kind::kTcp, Kind::kUnix, Kind::kLocal, Kind::kTls,
                                         Kind::kTlsOverUnix, Kind::kTlsOverLocal),
                         NameOf);

TEST_P(TransportTest, BytesArriveInOrder) {
  std::string sent;
  for (const size_t size : {1, 100, 65'536, 65'537, 1'000'000, 4'000'000}) {
    const std::string bytes = Pattern(size);
    sent += bytes;
    near_.Send(bytes, size / 3 + 1);
    TurnUntil([&] { return far_.input().size() == sent.size(); });
    ASSERT_TRUE(far_.input() == sent) << size;
  }
}

TEST_P(TransportTest, BytesArriveInOrderBothWaysAtOnceInManySmallPieces) {
  near_.Send(Pattern(1'000'000), 100);
  far_.Send(Pattern(2'000'000), 1'000);
  TurnUntil([&] { return far_.input().size() + near_.input().size() == 3'000'000; });
  EXPECT_TRUE(far_.input() == Pattern(1'000'000));
  EXPECT_TRUE(near_.input() == Pattern(2'000'000));
}

TEST_P(TransportTest, BytesArriveInASpaceOfOne) {
  far_.space_size = 1;
  near_.Send(Pattern(1'000));
  TurnUntil([&] { return far_.input().size() == 1'000; });
  EXPECT_EQ(far_.input(), Pattern(1'000));
}

TEST_P(TransportTest, AReaderThatPausesGetsNothingUntilItGoesOn) {
  far_.space_size = 1'000;
  far_.on_input = [&] { far_->SetReading(false); };
  near_.Send(Pattern(3'000'000));
  TurnUntil([&] { return !far_.input().empty(); });
  TurnFor(20);
  EXPECT_EQ(far_.input().size(), 1'000u);
  far_.space_size = 100'000;
  InTurn([&] { far_->SetReading(true); });
  TurnUntil([&] { return far_.input().size() == 3'000'000; });
  EXPECT_TRUE(far_.input() == Pattern(3'000'000));
}

TEST_P(TransportTest, AReaderMayPauseAndGoOnWithinATurn) {
  far_.on_input = [&] {
    far_->SetReading(false);
    far_->SetReading(true);
  };
  near_.Send(Pattern(1'000'000));
  TurnUntil([&] { return far_.input().size() == 1'000'000; });
}

TEST_P(TransportTest, NobodySpinsWhileAReaderPauses) {
  InTurn([&] { far_->SetReading(false); });
  near_.Send("something");
  near_->CloseWriting();
  near_.Destroy();
  TurnFor(20);
  EXPECT_LT(TurnFor(100), 20);
  EXPECT_EQ(far_.calls(), 0);
  InTurn([&] { far_->SetReading(true); });
  TurnUntil([&] { return far_.ended(); });
  EXPECT_EQ(far_.input(), "something");
}

TEST_P(TransportTest, AWriterIsToldOnceThereIsRoomAgain) {
  InTurn([&] { far_->SetReading(false); });
  Fill(&near_);
  EXPECT_EQ(near_.WriteOnce("more"), 0u);
  EXPECT_LT(TurnFor(100), 20);
  EXPECT_EQ(near_.writables(), 0);
  InTurn([&] { far_->SetReading(true); });
  TurnUntil([&] { return near_.all_sent(); });
  EXPECT_GE(near_.writables(), 1);
  TurnUntil([&] { return far_.input().size() == 8 << 20; });
}

TEST_P(TransportTest, AWriterThatHasWrittenAllIsNotToldOfRoom) {
  near_.Send("a little");
  TurnUntil([&] { return far_.input() == "a little"; });
  TurnFor(20);
  EXPECT_EQ(near_.calls(), 0);
}

TEST_P(TransportTest, WritingNothingTakesNothing) {
  EXPECT_EQ(near_->Write({}), 0u);
  EXPECT_EQ(near_.WriteOnce(""), 0u);
  near_.Send("then something");
  TurnUntil([&] { return far_.input() == "then something"; });
}

TEST_P(TransportTest, EachSideIsClosedByItself) {
  near_.Send("question");
  near_->CloseWriting();
  TurnUntil([&] { return far_.ended(); });
  EXPECT_TRUE(far_.why().ok()) << far_.why();
  EXPECT_EQ(far_.input(), "question");
  far_.Send("answer");
  far_->CloseWriting();
  TurnUntil([&] { return near_.ended(); });
  EXPECT_TRUE(near_.why().ok()) << near_.why();
  EXPECT_EQ(near_.input(), "answer");
}

TEST_P(TransportTest, AWriterIsWokenThoughItsPeerWritesNoMore) {
  InTurn([&] { far_->SetReading(false); });
  Fill(&near_);
  far_->CloseWriting();
  TurnUntil([&] { return near_.ended(); });
  EXPECT_FALSE(near_.all_sent());
  InTurn([&] { far_->SetReading(true); });
  TurnUntil([&] { return near_.all_sent(); });
}

TEST_P(TransportTest, WhatWasWrittenArrivesThoughTheWriterIsGone) {
  near_.Send(Pattern(100'000));
  ASSERT_TRUE(near_.all_sent());
  near_.Destroy();
  TurnUntil([&] { return far_.ended(); });
  EXPECT_TRUE(far_.why().ok()) << far_.why();
  EXPECT_TRUE(far_.input() == Pattern(100'000));
}

TEST_P(TransportTest, TheEndIsToldOnce) {
  near_.Destroy();
  TurnUntil([&] { return far_.ended(); });
  InTurn([&] { far_->SetReading(true); });
  EXPECT_LT(TurnFor(50), 20);
  EXPECT_EQ(far_.ends(), 1);
}

TEST_P(TransportTest, NothingIsCalledAfterItIsDestroyed) {
  near_.Send("unread");
  far_.Destroy();
  TurnFor(20);
  EXPECT_EQ(far_.calls(), 0);
}

TEST_P(TransportTest, MayBeDestroyedOnInput) {
  far_.space_size = 10;
  far_.on_input = [&] { far_.Destroy(); };
  near_.Send(std::string(1'000, 'x'));
  TurnUntil([&] { return !far_; });
  EXPECT_EQ(far_.input().size(), 10u);
  TurnUntil([&] { return near_.ended(); });
}

TEST_P(TransportTest, MayBeDestroyedAtTheEndOfInput) {
  far_.on_end = [&] { far_.Destroy(); };
  near_->CloseWriting();
  TurnUntil([&] { return !far_; });
  TurnUntil([&] { return near_.ended(); });
}

TEST_P(TransportTest, MayBeDestroyedWhenItIsWritable) {
  InTurn([&] { far_->SetReading(false); });
  Fill(&near_);
  near_.on_writable = [&] { near_.Destroy(); };
  InTurn([&] { far_->SetReading(true); });
  TurnUntil([&] { return far_.ended(); });
  EXPECT_FALSE(near_);
}

TEST_P(TransportTest, MayBeDestroyedByTheOther) {
  far_.on_input = [&] { near_.Destroy(); };
  near_.Send("now");
  TurnUntil([&] { return far_.ended(); });
  EXPECT_EQ(far_.input(), "now");
}

TEST_P(TransportTest, TakesAllWhenThePeerIsGone) {
  far_.Destroy();
  TurnUntil([&] { return near_.ended(); });
  near_.Send(std::string(8 << 20, 'x'));
  TurnUntil([&] { return near_.all_sent(); });
  EXPECT_EQ(near_.ends(), 1);
}

TEST_P(TransportTest, IsToldThatThePeerIsGoneWhileItWaitsForRoom) {
  InTurn([&] { far_->SetReading(false); });
  Fill(&near_);
  far_.Destroy();
  TurnUntil([&] { return near_.ended() && near_.all_sent(); });
}

TEST_P(TransportTest, NamesItsPeer) {
  switch (GetParam()) {
    case Kind::kTcp:
      EXPECT_EQ(near_->peer()->address, address_);
      EXPECT_TRUE(far_->peer()->address.starts_with("tcp://127.0.0.1:")) << far_->peer()->address;
      EXPECT_NE(far_->peer()->address, address_);
      break;
    case Kind::kTls:
      EXPECT_EQ(near_->peer()->address, "tls" + address_.substr(3));
      EXPECT_TRUE(far_->peer()->address.starts_with("tls://127.0.0.1:")) << far_->peer()->address;
      break;
    case Kind::kUnix:
    case Kind::kTlsOverUnix:
      EXPECT_EQ(near_->peer()->address, address_);
      EXPECT_EQ(far_->peer()->address, address_);
      break;
    case Kind::kLocal:
    case Kind::kTlsOverLocal:
      EXPECT_EQ(near_->peer()->address, "local");
      break;
  }
}

}  // namespace
}  // namespace rpc::net
