// Draining: a server leaves without losing a call that it has accepted.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

constexpr absl::StatusCode kUnavailable = absl::StatusCode::kUnavailable;

TEST(Drain, LosesNoCallThatWasOnItsWay) {
  SessionPair pair;
  pair.Run();
  const uint64_t before = pair.Open("Unary", "before");
  pair.ToServer();
  pair.server().Drain();
  const uint64_t crossing = pair.Open("Unary", "crossing");  // sent before the GOAWAY is read
  pair.Run();
  EXPECT_TRUE(pair.draining);
  EXPECT_TRUE(pair.AtServer(crossing).begun);
  pair.Reply(before, "1");
  pair.Reply(crossing, "2");
  pair.Run();
  EXPECT_EQ(pair.AtClient(before).body, "1");
  EXPECT_EQ(pair.AtClient(crossing).body, "2");
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
  EXPECT_EQ(pair.server().ending(), Ending::kAfterOutput);
}

TEST(Drain, IsTwoGoawaysAndAPingRoundTrip) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  pair.ForgetPast();
  pair.server().Drain();
  pair.Run();
  EXPECT_EQ(pair.TraceText(),
            "S: GOAWAY 9007199254740991 OK \"the server is draining\"\n"
            "S: PING\n"
            "C: PONG\n"
            "S: GOAWAY 1 OK \"the server is draining\"\n");
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "y");
}

TEST(Drain, TwiceIsOnce) {
  SessionPair pair;
  pair.Open("Unary", "x");
  pair.Run();
  pair.server().Drain();
  pair.server().Drain();
  pair.Run();
  pair.server().Drain();
  pair.Run();
  EXPECT_EQ(pair.Count("S: GOAWAY"), 2);
}

TEST(Drain, DoesNotWaitForAPongLongerThanASecond) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  pair.PlayClient();
  pair.server().Drain();
  pair.Wait(kSecondUs - 1);
  EXPECT_EQ(pair.Count("S: GOAWAY"), 1);
  pair.Wait(1);
  EXPECT_EQ(pair.Count("S: GOAWAY"), 2);
  pair.FeedServer(hand::Pong());
  pair.Wait(10 * kSecondUs);
  EXPECT_EQ(pair.Count("S: GOAWAY"), 2);
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Drain, APongForAnEarlierPingIsNotItsRoundTrip) {
  SessionPair pair;
  pair.Run();
  pair.PlayClient();
  pair.Wait(30 * kSecondUs);
  ASSERT_EQ(pair.Count("S: PING"), 1);
  pair.server().Drain();
  pair.FeedServer(hand::Pong());                 // sent before the client knew of the drain
  pair.FeedServer(hand::Call(1, "Unary", "x"));  // and so was this
  EXPECT_TRUE(pair.AtServer(1).begun);
}

TEST(Drain, AnIdleConnectionEndsAfterTheRoundTrip) {
  SessionPair pair;
  pair.Run();
  pair.server().Drain();
  EXPECT_FALSE(pair.server_closed.has_value());
  pair.Run();
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
  EXPECT_TRUE(pair.draining);
  EXPECT_EQ(pair.client().Open({.name = "Unary"}).status().code(), kUnavailable);
}

TEST(Drain, BeforeTheFirstFrameLetsTheClientKnow) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.server().Drain();
  pair.Run();
  // Its CALL was on the way when the drain began, so it is handled or refused as unseen.
  if (pair.AtServer(call).begun) pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).ends, 1);
  EXPECT_TRUE(pair.AtClient(call).status.ok() || pair.AtClient(call).unseen);
  EXPECT_TRUE(pair.draining);
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Drain, OfAClientThatNeverSpeaksEndsInASecond) {
  SessionPair pair;
  pair.PlayClient();
  pair.server().Drain();
  pair.Wait(kSecondUs);
  EXPECT_TRUE(pair.server_closed.has_value());
  EXPECT_EQ(pair.trace().size(), 0u);
}

TEST(Drain, RefusesCallsAboveTheSecondGoaway) {
  SessionPair pair;
  pair.Run();
  pair.PlayClient();
  pair.FeedServer(hand::Call(5, "Unary", "x"));
  pair.server().Drain();
  pair.FeedServer(hand::Pong());
  pair.FeedServer(hand::Call(6, "Unary", "x", hand::kMore) + hand::Message(6, "y"));
  pair.FeedServer(hand::Cancel(6) + hand::Credit(6, 1) + hand::Call(7, "Nothing", "x"));
  EXPECT_EQ(pair.Count("S: END 6 UNAVAILABLE \"the server is draining\" BARE UNSEEN"), 1);
  EXPECT_EQ(pair.Count("S: END 7 UNAVAILABLE \"the server is draining\" BARE UNSEEN"), 1);
  pair.Reply(5, "y");
  pair.Run();
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Drain, LetsStreamsFinishBothWays) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("Both");
  pair.Run();
  pair.server().Drain();
  pair.Run();
  for (int i = 0; i < 20; ++i) {
    pair.client().Write(call, {std::string(50'000, 'x')});
    pair.server().Write(call, {std::string(50'000, 'y')});
    pair.Run();
  }
  pair.client().CloseWriting(call);
  pair.Run();
  pair.End(call);
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).messages.size(), 20u);
  EXPECT_EQ(pair.AtClient(call).messages.size(), 20u);
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Drain, WaitsForAReplyThatWaitsForCredit) {
  SessionPair pair({.read_at_once = false});
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.Run();
  for (int i = 0; i < 10; ++i) pair.server().Write(call, {std::string(65'536, 'y')});
  pair.End(call);
  pair.server().Drain();
  pair.Run();
  EXPECT_FALSE(pair.server_closed.has_value());
  for (int i = 0; i < 10; ++i) {
    pair.ReadClient(call);
    pair.Run();
  }
  EXPECT_EQ(pair.AtClient(call).messages.size(), 10u);
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Drain, NoByteIsLostAtTheEnd) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  pair.server().Drain();
  pair.Run();
  pair.Reply(call, std::string(100'000, 'y'));
  pair.Listen();
  EXPECT_EQ(pair.server().ending(), Ending::kAfterOutput);
  EXPECT_EQ(pair.AtClient(call).ends, 0);  // all of it is still to be written
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body.size(), 100'000u);
  pair.client().InputEnded();
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).ends, 1);
}

TEST(Drain, AtItsDeadlineEveryCallIsCancelled) {
  SessionPair pair;
  const uint64_t first = pair.Open("Unary", "x");
  const uint64_t second = pair.OpenBare("Both");
  pair.Run();
  pair.server().Drain();
  pair.Run();
  pair.server().CancelEveryCall(absl::UnavailableError("the server had to stop"));
  pair.Run();
  for (const uint64_t call : {first, second}) {
    EXPECT_EQ(pair.AtClient(call).status, absl::UnavailableError("the server had to stop"));
    EXPECT_FALSE(pair.AtClient(call).unseen);
    EXPECT_EQ(pair.AtServer(call).ends, 1);
    EXPECT_FALSE(pair.server_closed.has_value());
    pair.End(call);
  }
  pair.Listen();
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Drain, AtItsDeadlineACallThatNoHandlerSawIsUnseen) {
  SessionPair pair;
  pair.Run();
  pair.PlayClient();
  pair.FeedServer(hand::BareCall(1, "Unary"));
  pair.server().Drain();
  pair.FeedServer(hand::Pong());
  pair.server().CancelEveryCall(absl::UnavailableError("stop"));
  pair.Listen();
  EXPECT_EQ(pair.Count("S: END 1 UNAVAILABLE \"stop\" BARE UNSEEN"), 1);
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Drain, WithoutHelloCallsFinishAndNewOnesAreRefused) {
  SessionPair pair({.hello = false});
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  pair.server().Drain();
  const uint64_t late = pair.Open("Unary", "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(late).status.code(), kUnavailable);
  EXPECT_TRUE(pair.AtClient(late).unseen);
  EXPECT_FALSE(pair.draining);
  pair.Reply(call, "done");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "done");
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
  EXPECT_EQ(pair.Count("S: GOAWAY") + pair.Count("S: PING"), 0);
}

TEST(Drain, CallZeroIsNeverLostToTheSecondGoaway) {
  SessionPair pair;
  pair.Run();
  pair.PlayClient();
  pair.FeedServer(hand::Call(0, "Unary", "x"));
  pair.server().Drain();
  pair.FeedServer(hand::Pong());
  EXPECT_EQ(pair.Count("S: GOAWAY 0 OK"), 1);
  pair.Reply(0, "done");
  pair.Run();
  EXPECT_EQ(pair.Count("S: END 0 OK 4 bytes"), 1);
}

}  // namespace
}  // namespace rpc::session
