// Why a connection has ended, as counters are to tell it.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

class CloseCauses : public testing::Test {
 protected:
  CloseCause ServerAfter(std::string_view bytes) {
    pair.Run();
    pair.PlayClient();
    pair.FeedServer(bytes);
    return pair.server().close_cause();
  }

  SessionPair pair;
};

TEST_F(CloseCauses, ThereIsNoneWhileAConnectionIsOpen) {
  EXPECT_EQ(ServerAfter(hand::Call(1, "Unary", "x")), CloseCause::kNone);
}

TEST_F(CloseCauses, ThePeerMayEndItsInput) {
  pair.Run();
  pair.server().InputEnded();
  pair.client().InputEnded();
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kPeer);
  EXPECT_EQ(pair.client().close_cause(), CloseCause::kPeer);
}

TEST_F(CloseCauses, ThePeerMayEndItsInputInsideAFrame) {
  ServerAfter(hand::Call(1, "Unary", "x").substr(0, 5));
  pair.server().InputEnded();
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kPeer);
}

TEST_F(CloseCauses, ThePeerMaySayThatItEndsTheConnection) {
  EXPECT_EQ(ServerAfter(hand::Goaway(0, 13, "lost my mind")), CloseCause::kPeer);
}

TEST_F(CloseCauses, TheTransportMayFail) {
  pair.server().InputEnded(absl::UnavailableError("connection reset by peer"));
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kTransport);
}

TEST(CloseCausesOfFirstBytes, WhatSpeaksAnotherProtocolSendsNoFrames) {
  SessionPair pair;
  pair.PlayClient();
  pair.FeedServer("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kNotFrames);
}

TEST_F(CloseCauses, AFrameMayBeUnreadable) {
  EXPECT_EQ(ServerAfter(std::string(4, '\0')), CloseCause::kBadFrame);
}

TEST_F(CloseCauses, ARuleMayBeBroken) {
  EXPECT_EQ(ServerAfter(hand::Hello()), CloseCause::kBrokenRule);
}

TEST_F(CloseCauses, AClientMayNeverSayAnything) {
  pair.PlayClient();
  pair.Wait(10 * kSecondUs + kSecondLookUs);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kSilent);
}

TEST_F(CloseCauses, APeerMayDie) {
  ServerAfter(hand::Ping());
  pair.Wait(40 * kSecondUs + kSecondLookUs);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kDead);
}

TEST_F(CloseCauses, AServerMayDrain) {
  pair.Run();
  pair.server().Drain();
  pair.Run();
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kDrained);
}

TEST_F(CloseCauses, AClientThatLeavesADrainingServerIsPartOfTheDrain) {
  pair.Run();
  pair.PlayClient();
  pair.server().Drain();
  pair.server().InputEnded();
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kDrained);
}

TEST_F(CloseCauses, TheApplicationMayEndIt) {
  pair.client().Shutdown();
  pair.server().Abandon(absl::UnavailableError("the server is shutting down"));
  EXPECT_EQ(pair.client().close_cause(), CloseCause::kShutdown);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kShutdown);
  EXPECT_EQ(pair.server().ending(), Ending::kNow);
}

TEST_F(CloseCauses, TheFirstOneStays) {
  ServerAfter(hand::Hello());
  pair.server().InputEnded(absl::UnavailableError("connection reset by peer"));
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kBrokenRule);
}

}  // namespace
}  // namespace rpc::session
