// Large messages and small calls share a connection: nobody waits for more than a few frames.
#include <gtest/gtest.h>

#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

// A call's turn: 64 KiB, in parts that are hashed side by side.
constexpr int kParts = 16;

// Four turns fill the output, a fifth may have crossed its bound, and a sixth comes before.
constexpr uint64_t kFramesBefore = 6 * kParts;

constexpr size_t kHundredMegabytes = 100'000'000;

// Both sides take a message of 100 MB.
PairOptions Roomy() {
  const Limits limits{.message_size_max = 200'000'000, .memory_size_max = 400'000'000};
  return {.client = limits, .server = limits};
}

Payload Shared(size_t size) {
  auto bytes = std::make_shared<const std::string>(size, 'x');
  return {*bytes, bytes};
}

// Moves bytes as a socket does, a little at a time, until `done`.
template <typename Done>
void RunUntil(SessionPair& pair, Done done) {
  for (int i = 0; !done(); ++i) {
    ASSERT_LT(i, 100'000) << "nothing moves";
    pair.ToServer(30'000);
    pair.ToClient(30'000);
    pair.Listen();
  }
}

TEST(Fairness, ALargeRequestInFlightDelaysASmallCallByFewFrames) {
  SessionPair pair(Roomy());
  pair.Run();
  const absl::StatusOr<uint64_t> large =
      pair.client().Open({.name = "Unary", .single_reply = true}, Shared(kHundredMegabytes));
  ASSERT_TRUE(large.ok());
  for (int i = 0; i < 20; ++i) {
    RunUntil(pair, [&, n = 0]() mutable { return ++n > 50; });
    const uint64_t received = pair.server().counters().frames_received;
    const uint64_t small = pair.Open("Unary", "small");
    RunUntil(pair, [&] { return pair.AtServer(small).begun; });
    EXPECT_LE(pair.server().counters().frames_received - received - 1, kFramesBefore);
    pair.Reply(small, "reply");
    RunUntil(pair, [&] { return pair.AtClient(small).ends > 0; });
  }
  EXPECT_FALSE(pair.AtServer(*large).begun);
  RunUntil(pair, [&] { return pair.AtServer(*large).begun; });
  EXPECT_EQ(pair.AtServer(*large).request->size(), kHundredMegabytes);
}

TEST(Fairness, ALargeReplyInFlightDelaysASmallCallByFewFrames) {
  SessionPair pair(Roomy());
  const uint64_t large = pair.Open("Unary", "large");
  pair.Run();
  const Payload reply = Shared(kHundredMegabytes);
  pair.server().End(large, absl::OkStatus(), &reply);
  for (int i = 0; i < 20; ++i) {
    RunUntil(pair, [&, n = 0]() mutable { return ++n > 50; });
    const uint64_t small = pair.Open("Unary", "small");
    RunUntil(pair, [&] { return pair.AtServer(small).begun; });
    const uint64_t received = pair.client().counters().frames_received;
    pair.Reply(small, "reply");
    RunUntil(pair, [&] { return pair.AtClient(small).ends > 0; });
    EXPECT_LE(pair.client().counters().frames_received - received - 1, kFramesBefore);
  }
  EXPECT_EQ(pair.AtClient(large).ends, 0);
  RunUntil(pair, [&] { return pair.AtClient(large).ends > 0; });
  EXPECT_EQ(pair.AtClient(large).body.size(), kHundredMegabytes);
}

// A window is four turns: while one call waits for credit, others use theirs.
constexpr int kLeadMax = 8 * kParts;

// How many more frames of one call than of another there were at most, while all had something to
// send.
int Lead(const SessionPair& pair, const std::string& start, int calls, int frames_each) {
  std::vector<int> frames(calls);
  int lead = 0;
  for (const std::string& line : pair.trace()) {
    if (!line.starts_with(start)) continue;
    const int call = std::stoi(line.substr(start.size())) - 1;
    ++frames[call];
    const auto [least, most] = std::minmax_element(frames.begin(), frames.end());
    if (*most < frames_each) lead = std::max(lead, *most - *least);
  }
  return lead;
}

TEST(Fairness, LargeStreamsOfTheServerTakeTurns) {
  SessionPair pair;
  for (int i = 0; i < 5; ++i) pair.Open("ServerStream", "x");
  pair.Run();
  for (uint64_t call = 1; call <= 5; ++call) {
    for (int i = 0; i < 4; ++i) pair.server().Write(call, Shared(500'000));
  }
  pair.Run();
  for (uint64_t call = 1; call <= 5; ++call) EXPECT_EQ(pair.AtClient(call).messages.size(), 4u);
  EXPECT_LE(Lead(pair, "S: MESSAGE ", 5, 32 * kParts), kLeadMax);
}

TEST(Fairness, LargeStreamsOfTheClientTakeTurns) {
  SessionPair pair;
  pair.Run();
  for (int i = 0; i < 5; ++i) pair.OpenBare("Both");
  for (uint64_t call = 1; call <= 5; ++call) {
    for (int i = 0; i < 4; ++i) pair.client().Write(call, Shared(500'000));
  }
  pair.Run();
  for (uint64_t call = 1; call <= 5; ++call) EXPECT_EQ(pair.AtServer(call).messages.size(), 4u);
  EXPECT_LE(Lead(pair, "C: MESSAGE ", 5, 32 * kParts), kLeadMax);
}

TEST(Fairness, AStreamWithoutCreditHoldsUpNobody) {
  SessionPair pair({.read_at_once = false});
  pair.Run();
  const uint64_t stuck = pair.OpenBare("Both");
  for (int i = 0; i < 3; ++i) pair.client().Write(stuck, Shared(5'000'000));
  pair.Run();
  const uint64_t call = pair.Open("Unary", "small");
  pair.Run();
  pair.Reply(call, "reply");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "reply");
}

TEST(Fairness, FramesOfOneCallStayInTheirOrder) {
  SessionPair pair;
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.Run();
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(std::string((i * 7919) % 100'000, static_cast<char>('a' + i % 26)));
    pair.server().Write(call, {sent.back()});
  }
  pair.End(call);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).messages, sent);
  EXPECT_TRUE(pair.AtClient(call).status.ok());
}

}  // namespace
}  // namespace rpc::session
