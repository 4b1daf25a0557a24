// Events one at a time: what the application does between two of them, and the tags they carry.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/session/event_text.h"
#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

using Strings = std::vector<std::string>;

// Sessions whose events the test takes itself.
class Events : public testing::Test {
 protected:
  Events() { pair_.Run(); }

  static void Give(Session& session, std::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), session.Space().begin());
    session.Commit(bytes.size());
  }

  // All events that there are, in words.
  static Strings Rest(Session& session) {
    Strings lines;
    for (Event event; session.Next(&event);) lines.push_back(DescribeEvent(event));
    return lines;
  }

  ClientSession& client() { return pair_.client(); }
  ServerSession& server() { return pair_.server(); }

  SessionPair pair_;
  Event event_;
};

// Leading metadata and a message in one frame.
std::string MetadataAndMessage() {
  return hand::Frame({.kind = wire::Kind::kMessage, .call = 1, .metadata = {{"k", "v"}}}, "hello");
}

TEST_F(Events, OfOneFrameComeOneByOne) {
  pair_.Open("ServerStream", "x");
  Give(client(), MetadataAndMessage() + hand::EndBare(1));
  ASSERT_TRUE(client().Next(&event_));
  EXPECT_EQ(DescribeEvent(event_), "METADATA 1 k=v");
  ASSERT_TRUE(client().Next(&event_));
  EXPECT_EQ(DescribeEvent(event_), "MESSAGE 1");
  std::string_view message;
  EXPECT_EQ(client().Read(1, &message), ReadResult::kMessage);
  EXPECT_EQ(Rest(client()), Strings({"END 1 OK"}));
}

TEST_F(Events, OfACallThatWasGivenUpAreNotTold) {
  pair_.Open("ServerStream", "x");
  Give(client(), MetadataAndMessage() + hand::End(1, "bye"));
  ASSERT_TRUE(client().Next(&event_));
  client().Cancel(1);
  EXPECT_EQ(Rest(client()), Strings());
}

TEST_F(Events, OfTheEndOfACallThatWasGivenUpAreNotTold) {
  pair_.Open("ServerStream", "x");
  pair_.Open("ServerStream", "x");
  client().InputEnded();
  ASSERT_TRUE(client().Next(&event_));
  EXPECT_EQ(event_.call, 1u);
  client().Cancel(2);
  const Strings rest = Rest(client());
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_TRUE(rest[0].starts_with("CLOSED"));
}

TEST_F(Events, OfACallWhoseHandlerHasEndedAreNotTold) {
  pair_.PlayClient();
  Give(server(), hand::Call(1, "Both", "first") + hand::Message(1, "second"));
  ASSERT_TRUE(server().Next(&event_));
  EXPECT_EQ(DescribeEvent(event_), "CALL 1 Both");
  server().End(1, absl::OkStatus());
  EXPECT_EQ(Rest(server()), Strings());
}

TEST_F(Events, OfTheEndOfAConnectionAreNotToldToAHandlerThatHasEnded) {
  pair_.PlayClient();
  pair_.FeedServer(hand::Call(1, "Both", "x") + hand::Call(2, "Both", "x"));
  server().InputEnded();
  ASSERT_TRUE(server().Next(&event_));
  EXPECT_EQ(event_.call, 1u);
  EXPECT_EQ(event_.kind, EventKind::kCancelled);
  server().End(1, absl::OkStatus());
  const Strings rest = Rest(server());
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_TRUE(rest[0].starts_with("CANCELLED 2"));
}

TEST_F(Events, CarryTheTagFromWhenItIsSet) {
  pair_.PlayClient();
  int tag = 0;
  Give(server(), hand::Call(1, "Both", "x", hand::kLast));
  ASSERT_TRUE(server().Next(&event_));
  EXPECT_NE(event_.tag, nullptr);  // its Method, until the application hangs on another
  server().SetTag(1, &tag);
  for (const EventKind kind : {EventKind::kMessage, EventKind::kHalfClosed}) {
    ASSERT_TRUE(server().Next(&event_));
    EXPECT_EQ(event_.kind, kind);
    EXPECT_EQ(event_.tag, &tag);
  }
  EXPECT_FALSE(server().Next(&event_));
  Give(server(), hand::Cancel(1));
  ASSERT_TRUE(server().Next(&event_));
  EXPECT_EQ(event_.tag, &tag);
}

TEST_F(Events, OfAClientCarryTheTagOfItsOpening) {
  int tag = 0;
  pair_.Open("ServerStream", "x", {.tag = &tag});
  Give(client(), MetadataAndMessage() + hand::EndBare(1, 5));
  int told = 0;
  for (; client().Next(&event_); ++told) {
    EXPECT_EQ(event_.tag, &tag);
    std::string_view message;
    if (event_.kind == EventKind::kMessage) client().Read(1, &message);
  }
  EXPECT_EQ(told, 3);
}

TEST_F(Events, DoNotSayThatACallThatHasEndedIsWritable) {
  pair_.PlayClient();
  pair_.FeedServer(hand::Call(1, "ServerStream", "x"));
  EXPECT_EQ(server().Write(1, {std::string(300'000, 'y')}), Sent::kWait);
  server().End(1, absl::OkStatus());
  pair_.Run();
  pair_.FeedServer(hand::Credit(1, 100'000));
  pair_.Run();
  EXPECT_EQ(pair_.AtServer(1).writable, 0);
  EXPECT_EQ(server().open_calls(), 0u);
}

TEST_F(Events, AllowCallsOfEveryMethodInBetween) {
  pair_.PlayClient();
  Give(server(), hand::Call(1, "Both", "one", hand::kLast) + hand::Call(2, "Unary", "two"));
  Strings lines;
  while (server().Next(&event_)) {
    lines.push_back(DescribeEvent(event_));
    std::string_view message;
    if (event_.kind == EventKind::kMessage) {
      EXPECT_EQ(server().Read(1, &message), ReadResult::kMessage);
      server().Write(1, {message});
    }
    if (event_.kind == EventKind::kHalfClosed) server().End(1, absl::OkStatus());
    if (event_.call == 2) server().End(2, absl::OkStatus());
  }
  EXPECT_EQ(lines, Strings({"CALL 1 Both", "MESSAGE 1", "LAST 1", "CALL 2 Unary \"two\""}));
}

}  // namespace
}  // namespace rpc::session
