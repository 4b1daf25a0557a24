// Keepalive: who is asked, what counts as an answer, and when a peer is dead.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

constexpr TimeUs kIdleUs = 30 * kSecondUs;
constexpr TimeUs kTimeoutUs = 10 * kSecondUs + kSecondLookUs;

TEST(Keepalive, TwoIdleSidesKeepEachOtherAliveForHours) {
  SessionPair pair;
  pair.Run();
  pair.Wait(3600 * kSecondUs);
  EXPECT_FALSE(pair.client_closed || pair.server_closed);
  // Any byte counts for both: a PING of one is an answer to the other.
  const int pings = pair.Count("C: PING") + pair.Count("S: PING");
  EXPECT_GE(pings, 100);
  EXPECT_LE(pings, 240);
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  EXPECT_TRUE(pair.AtServer(call).begun);
}

TEST(Keepalive, ABusyConnectionIsNeverPinged) {
  SessionPair pair;
  for (int i = 0; i < 100; ++i) {
    const uint64_t call = pair.Open("Unary", "x");
    pair.Run();
    pair.Reply(call, "y");
    pair.Wait(kIdleUs - 1);
  }
  EXPECT_EQ(pair.Count("C: PING") + pair.Count("S: PING"), 0);
}

TEST(Keepalive, ACallThatTakesLongIsKeptAlive) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.Wait(600 * kSecondUs);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "y");
}

TEST(Keepalive, ADeadServerEndsEveryCallOnce) {
  SessionPair pair;
  const uint64_t unary = pair.Open("Unary", "x");
  const uint64_t stream = pair.OpenBare("Both");
  pair.Run();
  pair.PlayServer();
  pair.Wait(kIdleUs + kTimeoutUs - 1);
  EXPECT_EQ(pair.AtClient(unary).ends, 0);
  pair.Wait(1);
  for (const uint64_t call : {unary, stream}) {
    EXPECT_EQ(pair.AtClient(call).ends, 1);
    EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kUnavailable);
    EXPECT_FALSE(pair.AtClient(call).unseen);
  }
  EXPECT_EQ(pair.client().ending(), Ending::kNow);
  EXPECT_EQ(pair.client().NextTimeUs(), kNever);
}

TEST(Keepalive, ADeadClientCancelsEveryHandlerOnce) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  pair.PlayClient();
  pair.Wait(kIdleUs + kTimeoutUs);
  EXPECT_EQ(pair.AtServer(call).ends, 1);
  EXPECT_EQ(pair.server().ending(), Ending::kNow);
  pair.Reply(call, "too late");
  EXPECT_EQ(pair.server().open_calls(), 0u);
}

TEST(Keepalive, AServerThatDoesNotSayHelloInTimeIsDead) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.PlayServer();
  pair.Wait(kTimeoutUs);
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kUnavailable);
}

TEST(Keepalive, EveryByteOfALongFrameCounts) {
  SessionPair pair;
  pair.Run();
  pair.PlayClient();
  const std::string call = hand::Call(1, "Unary", std::string(100, 'x'));
  for (const char byte : call) {
    pair.FeedServer({&byte, 1});
    pair.Wait(kIdleUs + kTimeoutUs - 1);
  }
  EXPECT_TRUE(pair.AtServer(1).begun);
  EXPECT_FALSE(pair.server_closed.has_value());
}

// It answers no PING, but more of its frame is due.
TEST(Keepalive, WithoutHelloAFrameThatDoesNotGoOnEndsTheConnection) {
  const std::string call = hand::Call(1, "Unary", std::string(100, 'x'));
  for (const size_t sent : {call.size() - 1, call.size() - 50, size_t{10}}) {
    SessionPair pair({.hello = false});
    pair.FeedServer(hand::Ping() + call.substr(0, sent));
    pair.Wait(kIdleUs + kSecondLookUs - 1);
    EXPECT_FALSE(pair.server_closed.has_value());
    pair.Wait(1);
    ASSERT_TRUE(pair.server_closed.has_value());
    EXPECT_EQ(pair.server_closed->message(), "the peer is dead: no byte for 30s within a frame");
    EXPECT_EQ(pair.server().close_cause(), CloseCause::kDead);
  }
}

TEST(Keepalive, WithoutHelloAFrameThatIsDroppedIsDueToo) {
  SessionPair pair({.hello = false});
  const std::string header =
      hand::FrameAsItIs({.call = 1, .flags = hand::kLast, .name = "Unary", .size = 17 << 20});
  pair.FeedServer(header + std::string(50'000, 'x'));
  EXPECT_EQ(pair.Count("S: END 1 RESOURCE_EXHAUSTED"), 1);
  pair.Wait(kIdleUs + kSecondLookUs);
  EXPECT_TRUE(pair.server_closed.has_value());
}

TEST(Keepalive, WithoutHelloAClientMayTakeItsTimeBetweenFramesAndGoOnSlowlyWithinThem) {
  SessionPair pair({.hello = false});
  std::string frames = hand::Call(1, "Unary", "x") + hand::Call(2, "Unary", std::string(20, 'y'));
  const size_t first = hand::Call(1, "Unary", "x").size();
  pair.FeedServer(frames.substr(0, first));
  pair.Wait(1000 * kSecondUs);
  for (const char byte : frames.substr(first)) {
    pair.FeedServer({&byte, 1});
    pair.Wait(kIdleUs - 1);
  }
  EXPECT_TRUE(pair.AtServer(2).begun);
  EXPECT_FALSE(pair.server_closed.has_value());
}

TEST(Keepalive, AReaderThatPausesIsNoDeadPeer) {
  SessionPair pair({.hello = false, .read_at_once = false});
  const uint64_t call = pair.OpenBare("Both");
  for (int i = 0; i < 3; ++i) pair.client().Write(call, {std::string(100'000, 'x')});
  pair.Run();
  EXPECT_FALSE(pair.server().WantsInput());
  pair.Wait(100 * kSecondUs, false);
  EXPECT_FALSE(pair.server_closed.has_value());
  EXPECT_EQ(pair.ReadServer(call).size(), 3u);
  EXPECT_TRUE(pair.server().WantsInput());
}

TEST(Keepalive, AfterAPauseThePeerHasTheWholeTimeAgain) {
  SessionPair pair;
  pair.Run();
  pair.PlayClient();
  pair.FeedServer(hand::Call(1, "ServerStream", "x"));
  for (int i = 0; i < 4; ++i) pair.server().Write(1, {std::string(65'536, 'y')});
  ASSERT_FALSE(pair.server().WantsInput());
  for (int i = 0; i < 5; ++i) {
    pair.Wait(kIdleUs - 1, false);
    pair.ToClient(1);  // the peer takes a byte now and then
  }
  EXPECT_EQ(pair.Count("S: PING"), 0);
  pair.Run();
  ASSERT_TRUE(pair.server().WantsInput());
  pair.Wait(kIdleUs + kTimeoutUs - 1);
  EXPECT_EQ(pair.Count("S: PING"), 1);
  EXPECT_FALSE(pair.server_closed.has_value());
  pair.Wait(1);
  EXPECT_TRUE(pair.server_closed.has_value());
}

TEST(Keepalive, TimersOfTheirOwnAreKept) {
  SessionPair pair(
      {.client = {.keepalive_idle_us = 2 * kSecondUs, .keepalive_timeout_us = 500'000}});
  pair.Run();
  pair.PlayServer();
  pair.Wait(2 * kSecondUs);
  EXPECT_EQ(pair.Count("C: PING"), 1);
  pair.Wait(499'999 + kSecondLookUs);
  EXPECT_FALSE(pair.client_closed.has_value());
  pair.Wait(1);
  EXPECT_TRUE(pair.client_closed.has_value());
}

TEST(Keepalive, OutputThatMovesSlowlyIsNotDead) {
  SessionPair pair;
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.Run();
  pair.PlayClient();
  pair.server().Write(call, {std::string(1000, 'y')});
  for (int i = 0; i < 10; ++i) {
    pair.Wait(kIdleUs - 1, false);
    pair.FeedServer(hand::Pong());
    EXPECT_EQ(pair.ToClient(1), 1u);
  }
  EXPECT_FALSE(pair.server_closed.has_value());
  for (int i = 0; i < 2; ++i) {
    pair.Wait(kIdleUs / 2, false);
    pair.FeedServer(hand::Pong());
  }
  pair.Wait(kSecondLookUs, false);
  EXPECT_EQ(pair.server_closed->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kDead);
}

TEST(Keepalive, AClockThatJumpsAheadEndsOnlyWhatIsOver) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x", {.deadline_us = pair.now_us() + 3600 * kSecondUs});
  pair.Run();
  // An hour and a day at once: as after a machine that slept.
  pair.client().Advance(pair.now_us() + 25 * 3600 * kSecondUs);
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(pair.client_closed.has_value());  // it is asked first
  EXPECT_EQ(pair.Count("C: PING"), 1);
}

// A loop that stood still, as SIGSTOP makes it: first it sees how late it is, then what has come.
class Standstill : public testing::Test {
 protected:
  void SetUp() override {
    pair.Run();
    pair.PlayClient();
  }

  // The server is not asked for so long; then it is, before it reads.
  void StandStill(TimeUs duration_us) {
    until_us_ += duration_us;
    pair.server().Advance(until_us_);
    pair.Listen();
  }
  bool open() const { return !pair.server_closed.has_value(); }

  SessionPair pair;

 private:
  TimeUs until_us_ = pair.now_us();
};

TEST_F(Standstill, AnAnswerThatCameMeanwhileIsRead) {
  StandStill(kIdleUs);
  ASSERT_EQ(pair.Count("S: PING"), 1);
  pair.server().Consume(pair.server().Pieces()[0].bytes.size());
  StandStill(1000 * kSecondUs);
  EXPECT_TRUE(open());
  EXPECT_GT(pair.server().NextTimeUs(), pair.now_us());
  pair.FeedServer(hand::Pong());
  StandStill(kSecondLookUs);
  EXPECT_TRUE(open());
}

TEST_F(Standstill, APeerThatIsSilentAllTheSameIsDead) {
  StandStill(kIdleUs);
  pair.server().Consume(pair.server().Pieces()[0].bytes.size());
  StandStill(1000 * kSecondUs);
  StandStill(kSecondLookUs - 1);
  EXPECT_TRUE(open());
  StandStill(1);
  EXPECT_FALSE(open());
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kDead);
}

TEST_F(Standstill, OutputThatMovesOnIsNotDead) {
  StandStill(kIdleUs);
  StandStill(kIdleUs);  // the PING has not been taken
  EXPECT_TRUE(open());
  pair.server().Consume(1);
  pair.FeedServer(hand::Pong());
  StandStill(kSecondLookUs);
  EXPECT_TRUE(open());
}

TEST_F(Standstill, ALookThatWasLongAgoIsNotTheFirst) {
  for (int i = 0; i < 3; ++i) {
    StandStill(1000 * kSecondUs);  // a PING goes, or its answer is late
    pair.server().Consume(pair.server().Pieces().empty() ? 0
                                                         : pair.server().Pieces()[0].bytes.size());
    StandStill(1000 * kSecondUs);
    EXPECT_TRUE(open());
    pair.FeedServer(hand::Pong());
  }
}

TEST(StandstillAtTheStart, AFirstHeaderThatCameMeanwhileIsRead) {
  SessionPair pair;
  pair.PlayClient();
  pair.server().Advance(pair.now_us() + 1000 * kSecondUs);
  pair.FeedServer(hand::Hello());
  pair.server().Advance(pair.now_us() + 1001 * kSecondUs);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kNone);
}

TEST(StandstillAtTheStart, BytesThatAreNoHeaderDoNotHelp) {
  SessionPair pair;
  pair.PlayClient();
  const TimeUs due_us = pair.now_us() + 10 * kSecondUs;
  pair.server().Advance(due_us);
  pair.FeedServer(std::string_view("\0", 1));
  pair.server().Advance(due_us + kSecondLookUs);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kSilent);
}

TEST(Keepalive, AHelloWhoseBodyDoesNotComeIsNone) {
  SessionPair pair;
  pair.PlayClient();
  const std::string hello = hand::Hello(std::string("\x08\x01", 2));
  pair.FeedServer(hello.substr(0, hello.size() - 1));
  pair.Wait(10 * kSecondUs + kSecondLookUs - 1);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kNone);
  pair.Wait(1);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kSilent);
}

TEST(Keepalive, TimesOfForeverNeverCome) {
  SessionPair pair({.client = {.keepalive_idle_us = kNever},
                    .server = {.keepalive_idle_us = kNever, .first_header_timeout_us = kNever}});
  EXPECT_EQ(pair.server().NextTimeUs(), kNever);
  pair.Run();
  pair.Wait(1000 * kIdleUs);
  EXPECT_EQ(pair.Count("C: PING") + pair.Count("S: PING"), 0);
}

}  // namespace
}  // namespace rpc::session
