// The limits of rpc/session/limits.h under attack: floods, slowness, numbers that are too large.
// (Each limit alone, with its sentence, is a row of the rules.)
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/session/hand_frames.h"
#include "tests/session/lone_server.h"

namespace rpc::session {
namespace {

using hand::kLast;
using hand::kMore;
using wire::Kind;

constexpr int kFlood = 100'000;

std::string Bytes(size_t size) { return std::string(size, 'x'); }

// A pair whose client the test plays, after HELLO.
std::unique_ptr<SessionPair> Greeted(const Limits& server = {}) {
  auto pair = std::make_unique<SessionPair>(PairOptions{.server = server});
  pair->Run();
  pair->PlayClient();
  pair->ForgetPast();
  return pair;
}

// That the server still takes calls and answers them.
void ExpectAlive(SessionPair& pair, uint64_t call) {
  pair.FeedServer(hand::Call(call, "Unary", "still there?"));
  pair.Reply(call, "yes");
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).request, "still there?");
  EXPECT_FALSE(pair.server_closed.has_value());
}

TEST(Limits, AHeaderMayBeAsLongAsTheHelloSays) {
  auto pair = Greeted({.header_size_max = 100'000});
  const std::string value = Bytes(90'000);
  pair->FeedServer(
      hand::Frame({.call = 1, .flags = kLast, .name = "Unary", .metadata = {{"k", value}}}));
  EXPECT_TRUE(pair->AtServer(1).begun);
  pair->FeedServer(hand::Frame(
      {.call = 2, .flags = kLast, .name = "Unary", .metadata = {{"k", Bytes(110'000)}}}));
  EXPECT_EQ(pair->server_closed->code(), absl::StatusCode::kInvalidArgument);
}

TEST(Limits, AHeaderLimitIsNeverBelowWhatEveryReceiverTakes) {
  auto pair = Greeted({.header_size_max = 10});
  ExpectAlive(*pair, 1);
}

TEST(Limits, ABodyOfTheLargestNumberEndsTheConnection) {
  for (const uint64_t size :
       {wire::kNumberMax, wire::kNumberMax + 1, uint64_t{1} << 63, UINT64_MAX}) {
    auto pair = Greeted();
    pair->FeedServer(hand::FrameAsItIs({.call = 1, .flags = kLast, .name = "Unary", .size = size}));
    EXPECT_TRUE(pair->server_closed.has_value()) << size;
    EXPECT_EQ(pair->server().ending(), Ending::kAfterOutput);
    EXPECT_EQ(pair->Count("S: GOAWAY 0 "), 1);
  }
}

TEST(Limits, AFrameThatNeverEndsTakesWhatItBroughtAndEndsWithTheKeepalive) {
  auto pair = Greeted({.call_window = 16 << 20});
  const std::string call = hand::Call(1, "Unary", Bytes(10 << 20));
  pair->FeedServer(call.substr(0, 100'000));
  pair->Wait(39 * kSecondUs);
  EXPECT_FALSE(pair->server_closed.has_value());
  pair->Wait(kSecondUs + kSecondLookUs);
  EXPECT_EQ(pair->server_closed->code(), absl::StatusCode::kUnavailable);
}

TEST(Limits, AFloodOfPingsIsAnsweredAtARateAndEndsNothing) {
  auto pair = Greeted();
  for (int second = 0; second < 10; ++second) {
    for (int i = 0; i < kFlood / 100; ++i) {
      pair->FeedServer(hand::Ping() + hand::Ping() + hand::Ping());
      pair->Wait(1'000);
    }
  }
  EXPECT_GE(pair->Count("S: PONG"), 10);
  EXPECT_LE(pair->Count("S: PONG"), 101);
  EXPECT_GT(pair->server().counters().pings_merged, 20'000u);
  ExpectAlive(*pair, 1);
}

TEST(Limits, AFloodOfPingsAtOnceIsAnsweredOnceNowAndOnceLater) {
  auto pair = Greeted();
  std::string pings;
  for (int i = 0; i < kFlood; ++i) pings += hand::Ping();
  pair->FeedServer(pings);
  EXPECT_EQ(pair->Count("S: PONG"), 1);
  pair->Wait(kSecondUs);
  EXPECT_EQ(pair->Count("S: PONG"), 2);
}

TEST(Limits, AFloodOfCreditSaturatesAndEndsNothing) {
  auto pair = Greeted();
  pair->FeedServer(hand::Call(1, "ServerStream", "x"));
  std::string credits;
  for (int i = 0; i < kFlood; ++i)
    credits += hand::Credit(1, wire::kNumberMax) + hand::Credit(0, 1);
  pair->FeedServer(credits);
  pair->server().Write(1, {Bytes(500'000)});
  pair->Run();
  EXPECT_EQ(pair->AtServer(1).writable, 1);
  ExpectAlive(*pair, 2);
}

TEST(Limits, AFloodOfCancelledCallsIsRefusedButNotFatal) {
  auto pair = Greeted({.calls_max = 10});
  for (uint64_t call = 1; call <= 1000; ++call) {
    pair->FeedServer(hand::Call(call, "Unary", "x") + hand::Cancel(call));
    pair->Run();
  }
  EXPECT_EQ(pair->server().open_calls(), 10u);
  EXPECT_EQ(pair->Count("S: END"), 1000);
  for (uint64_t call = 1; call <= 10; ++call) pair->End(call);
  EXPECT_EQ(pair->server().open_calls(), 0u);
  ExpectAlive(*pair, 1001);
}

TEST(Limits, AFloodOfDeadlinesEndsEachCallOnceInOrder) {
  auto pair = Greeted();
  constexpr uint64_t kCalls = 1'000;
  for (uint64_t call = 1; call <= kCalls; ++call) {
    pair->FeedServer(hand::Frame(
        {.call = call, .flags = kLast, .name = "Unary", .timeout_us = 1 + (kCalls - call) * 10},
        "x"));
  }
  pair->ForgetPast();
  pair->Wait(10 * kCalls);
  EXPECT_EQ(pair->Count("S: END"), int{kCalls});
  EXPECT_TRUE(pair->trace().front().starts_with("S: END 1000 DEADLINE_EXCEEDED"));
  EXPECT_TRUE(pair->trace().back().starts_with("S: END 1 DEADLINE_EXCEEDED"));
  for (uint64_t call = 1; call <= kCalls; ++call) pair->End(call);
  EXPECT_EQ(pair->server().NextTimeUs() > pair->now_us(), true);
  ExpectAlive(*pair, kCalls + 1);
}

TEST(Limits, AFloodOfDeadlinesThatHavePassedStartsNoHandlerTwice) {
  LoneServer server;
  uint64_t begun = 0;
  uint64_t cancelled = 0;
  server.on_event = [&](const Event& event) {
    begun += event.kind == EventKind::kCall;
    if (event.kind != EventKind::kCancelled) return;
    ++cancelled;
    server.session.End(event.call, event.status);
  };
  server.Feed(hand::Hello());
  TimeUs now_us = LoneServer::kStartUs;
  for (uint64_t call = 1; call <= kFlood; ++call) {
    server.Feed(hand::Frame({.call = call, .flags = kLast, .name = "Unary", .timeout_us = 1}, "x"));
    server.session.Advance(++now_us);
    server.TakeOutput();
  }
  EXPECT_EQ(begun, uint64_t{kFlood});
  EXPECT_EQ(cancelled, uint64_t{kFlood});
  EXPECT_EQ(server.session.open_calls(), 0u);
}

TEST(Limits, RepliesThatNobodyReadsStopTheReadingAndThenTheConnection) {
  auto pair = Greeted();
  uint64_t call = 0;
  while (pair->server().WantsInput()) {
    pair->FeedServer(hand::Call(++call, "Unary", "x"));
    pair->Reply(call, Bytes(10'000));
    ASSERT_LT(call, 1000u);
  }
  EXPECT_EQ(call, 26u);  // 256 KiB
  pair->Wait(29 * kSecondUs, false);
  EXPECT_FALSE(pair->server_closed.has_value());
  pair->Wait(kSecondUs + kSecondLookUs, false);
  EXPECT_EQ(pair->server_closed->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(pair->server().ending(), Ending::kNow);
}

TEST(Limits, RepliesThatWaitForCreditDoNotStopTheReading) {
  auto pair = Greeted({.memory_size_max = 10 << 20});
  uint64_t call = 0;
  while (pair->Count("S: END") == 0) {
    pair->FeedServer(hand::Call(++call, "Unary", "x"));
    pair->Reply(call, Bytes(1 << 20));
    pair->Run();
    ASSERT_TRUE(pair->server().WantsInput());
    ASSERT_LT(call, 100u);
  }
  // Each has sent a window of 256 KiB, and is held whole until all of it has gone.
  EXPECT_EQ(call, 11u);
  EXPECT_EQ(pair->Count("S: END 11 RESOURCE_EXHAUSTED"), 1);
  EXPECT_LE(pair->server().memory_size(), 10u << 20);
}

TEST(Limits, AKeptMessageIsCountedWithWhatIsPutTogether) {
  auto pair = Greeted({.memory_size_max = 300'000});
  pair->SetReadAtOnce(false);
  pair->FeedServer(hand::BareCall(1, "Both"));
  for (int i = 0; i < 4; ++i) pair->FeedServer(hand::Message(1, Bytes(50'000)));
  pair->FeedServer(hand::Call(2, "Unary", Bytes(60'000), kMore));
  EXPECT_EQ(pair->Count("S: END"), 0);
  pair->FeedServer(hand::Call(3, "Unary", Bytes(50'000), kMore));
  EXPECT_EQ(pair->Count("S: END 3 RESOURCE_EXHAUSTED"), 1);
  pair->ReadServer(1);
  pair->FeedServer(hand::Call(4, "Unary", Bytes(50'000), kMore) + hand::Message(4, "x"));
  EXPECT_EQ(pair->AtServer(4).request->size(), 50'001u);
}

TEST(Limits, AMessageAboveTheLimitLeavesTheOtherCallsAlone) {
  auto pair = Greeted({.message_size_max = 100'000, .call_window = 1 << 20});
  pair->FeedServer(hand::BareCall(1, "Both") + hand::Message(1, Bytes(60'000), kMore));
  pair->FeedServer(hand::Call(2, "Unary", Bytes(100'001)));
  EXPECT_EQ(
      pair->Count("S: END 2 RESOURCE_EXHAUSTED \"message of 100001 bytes, but at most 100000"), 1);
  pair->FeedServer(hand::Message(1, Bytes(40'000)));
  EXPECT_EQ(pair->AtServer(1).messages.size(), 1u);
  pair->FeedServer(hand::Message(1, Bytes(60'000), kMore) + hand::Message(1, Bytes(40'001)));
  EXPECT_EQ(pair->Count("S: END 1 RESOURCE_EXHAUSTED \"message of at least 100001 bytes"), 1);
  ExpectAlive(*pair, 3);
}

TEST(Limits, IdsThatGoBackwardsEndTheConnectionWhateverCameBefore) {
  for (const uint64_t id : {uint64_t{1}, uint64_t{9}, uint64_t{10}}) {
    auto pair = Greeted();
    pair->FeedServer(hand::Call(5, "Unary", "x") + hand::Call(10, "Unary", "x"));
    pair->Reply(5, "y");
    pair->Run();
    pair->FeedServer(hand::Call(id, "Unary", "x"));
    EXPECT_EQ(pair->Count("S: GOAWAY 10 INVALID_ARGUMENT"), 1) << id;
    EXPECT_EQ(pair->AtServer(10).ends, 1);
  }
}

TEST(Limits, RandomBytesBehindAHelloNeverDoHarm) {
  uint64_t state = 1;
  const auto random = [&] { return state = state * 6364136223846793005u + 1442695040888963407u; };
  for (int round = 0; round < 2000; ++round) {
    auto pair = Greeted();
    pair->FeedServer(hand::Call(1, "Unary", "x") + hand::BareCall(2, "Both"));
    std::string frames = hand::Message(2, "hello") + hand::Call(3, "Unary", "x") + hand::Cancel(1) +
                         hand::Credit(2, 77) + hand::Last(2);
    for (int i = 0; i < 4; ++i) frames[(random() >> 33) % frames.size()] = char(random() >> 40);
    pair->FeedServer(frames);
    pair->server().InputEnded();
    pair->Listen();
    EXPECT_TRUE(pair->server_closed.has_value());
    EXPECT_EQ(pair->server().open_calls(), 0u);
    EXPECT_EQ(pair->AtServer(2).ends, pair->AtServer(2).begun ? 1 : 0);
  }
}

}  // namespace
}  // namespace rpc::session
