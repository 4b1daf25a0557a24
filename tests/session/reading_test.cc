// Messages that are read late, in parts or not at all: their order, their end, their memory.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

using Strings = std::vector<std::string>;

constexpr auto kLate = PairOptions{.read_at_once = false};

// The server's messages "a" and "bb...b", the second in parts, and END; nothing is read.
uint64_t TwoUnread(SessionPair& pair, std::string_view second) {
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.Run();
  pair.server().Write(call, {"a"});
  pair.server().Write(call, {second});
  return call;
}

TEST(Reading, AMessageThatWaitsAndOneInPartsBothArriveWhole) {
  SessionPair pair(kLate);
  const std::string second(200'000, 'b');
  const uint64_t call = TwoUnread(pair, second);
  pair.Run();
  const Strings messages = pair.ReadClient(call);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0], "a");
  EXPECT_TRUE(messages[1] == second);
}

TEST(Reading, AMessageThatWaitsDoesNotTouchOneThatJustCame) {
  SessionPair pair(kLate);
  const std::string second(5'000, 'b');
  pair.Run();
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.PlayServer();
  pair.FeedClient(hand::Message(call, "a"));
  // The event of the second message is answered by reading both.
  std::string_view message;
  const std::string frames = hand::Message(call, second.substr(0, 2'000), hand::kMore) +
                             hand::Message(call, second.substr(2'000));
  std::copy(frames.begin(), frames.end(), pair.client().Space().begin());
  pair.client().Commit(frames.size());
  Event event;
  ASSERT_TRUE(pair.client().Next(&event));
  ASSERT_EQ(event.kind, EventKind::kMessage);
  ASSERT_EQ(pair.client().Read(call, &message), ReadResult::kMessage);
  EXPECT_EQ(message, "a");
  ASSERT_EQ(pair.client().Read(call, &message), ReadResult::kMessage);
  EXPECT_EQ(message, second);
  EXPECT_EQ(pair.client().Read(call, &message), ReadResult::kNothingYet);
  EXPECT_FALSE(pair.client().Next(&event));
}

TEST(Reading, ARequestInPartsStaysReadableAfterTheCallHasEnded) {
  SessionPair pair;
  pair.Run();
  pair.PlayClient();
  const std::string frames =
      hand::Call(1, "Unary", "first part, ", hand::kMore) + hand::Message(1, "second part");
  std::copy(frames.begin(), frames.end(), pair.server().Space().begin());
  pair.server().Commit(frames.size());
  Event event;
  ASSERT_TRUE(pair.server().Next(&event));
  ASSERT_EQ(event.kind, EventKind::kCall);
  pair.Reply(1, "reply");
  EXPECT_EQ(event.body, "first part, second part");  // until the next Next
  EXPECT_EQ(event.header->name, "Unary");
  EXPECT_FALSE(pair.server().Next(&event));
}

TEST(Reading, AMessageOfAStreamStaysReadableAfterTheCallHasEnded) {
  SessionPair pair(kLate);
  pair.Run();
  pair.PlayClient();
  pair.FeedServer(hand::BareCall(1, "Both") + hand::Message(1, std::string(100, 'm')));
  std::string_view message;
  ASSERT_EQ(pair.server().Read(1, &message), ReadResult::kMessage);
  pair.End(1);
  EXPECT_EQ(message, std::string(100, 'm'));  // until the next Next or Read
}

TEST(Reading, AnEndIsToldWhenTheMessagesBeforeItHaveBeenRead) {
  SessionPair pair(kLate);
  const uint64_t call = TwoUnread(pair, "b");
  pair.End(call, absl::AbortedError("enough"));
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  EXPECT_EQ(pair.ReadClient(call), Strings({"a", "b"}));
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).ends, 1);
  EXPECT_EQ(pair.AtClient(call).status, absl::AbortedError("enough"));
  EXPECT_EQ(pair.client().open_calls(), 0u);
}

TEST(Reading, AnEndThatWasInTimeOutlivesItsConnection) {
  SessionPair pair(kLate);
  const uint64_t call = TwoUnread(pair, "b");
  pair.End(call);
  pair.Run();
  pair.client().InputEnded();
  pair.Listen();
  EXPECT_TRUE(pair.client_closed.has_value());
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  EXPECT_EQ(pair.ReadClient(call), Strings({"a", "b"}));
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).status, absl::OkStatus());
}

TEST(Reading, AnEndThatWasInTimeOutlivesADrain) {
  SessionPair pair(kLate);
  const uint64_t call = TwoUnread(pair, "b");
  pair.End(call);
  pair.Run();
  pair.FeedClient(hand::Goaway(wire::kNumberMax) + hand::Goaway(0));
  EXPECT_EQ(pair.ReadClient(call), Strings({"a", "b"}));
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).status, absl::OkStatus());
  EXPECT_FALSE(pair.AtClient(call).unseen);
}

TEST(Reading, UnreadMessagesOfALostConnectionAreLostHonestly) {
  SessionPair pair(kLate);
  const uint64_t call = TwoUnread(pair, "b");
  pair.Run();
  pair.client().InputEnded(absl::DataLossError("reset"));
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).status, absl::UnavailableError("reset"));
  EXPECT_EQ(pair.ReadClient(call), Strings());
  EXPECT_EQ(pair.client().memory_size(), 0u);
}

TEST(Reading, ADeadlineDoesNotTakeAwayWhatHasArrived) {
  SessionPair pair(kLate);
  const uint64_t call = pair.Open("ServerStream", "x", {.deadline_us = pair.now_us() + 1000});
  pair.Run();
  pair.server().Write(call, {"a"});
  pair.End(call);
  pair.Run();
  pair.Wait(2000);
  EXPECT_EQ(pair.ReadClient(call), Strings({"a"}));
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).status, absl::OkStatus());
}

TEST(Reading, ACallThatIsGivenUpWithMessagesUnreadLeavesNothing) {
  SessionPair pair(kLate);
  const uint64_t call = TwoUnread(pair, std::string(100'000, 'b'));
  pair.End(call);
  pair.Run();
  EXPECT_GT(pair.client().memory_size(), 100'000u);
  pair.client().Cancel(call);
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  EXPECT_EQ(pair.client().memory_size(), 0u);
  EXPECT_EQ(pair.client().open_calls(), 0u);
}

TEST(Reading, RequestsThatAHandlerLeavesUnreadGoWithIt) {
  SessionPair pair(kLate);
  const uint64_t call = pair.OpenBare("Both");
  pair.client().Write(call, {std::string(50'000, 'x')});
  pair.Run();
  EXPECT_GE(pair.server().memory_size(), 50'000u);
  pair.End(call);
  pair.Run();
  EXPECT_EQ(pair.server().memory_size(), 0u);
}

TEST(Reading, AfterTheLastMessageTheStreamHasEnded) {
  SessionPair pair(kLate);
  const uint64_t call = pair.OpenBare("Both");
  pair.client().Write(call, {"x"}, true);
  pair.Run();
  std::string_view message;
  EXPECT_EQ(pair.server().Read(call, &message), ReadResult::kMessage);
  EXPECT_EQ(pair.server().Read(call, &message), ReadResult::kEndOfStream);
  EXPECT_EQ(pair.server().Read(99, &message), ReadResult::kGone);
}

}  // namespace
}  // namespace rpc::session
