// The four kinds of call, and how they end: both sessions together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

using testing::HasSubstr;
using testing::Test;
using Strings = std::vector<std::string>;

TEST(Calls, AUnaryCallIsTwoFrames) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", "hello");
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).request, "hello");
  pair.Reply(call, "HELLO");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "HELLO");
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_EQ(pair.AtClient(call).ends, 1);
  EXPECT_EQ(pair.TraceText(),
            "C: CALL 1 echo.Echo/Unary 5 bytes LAST\n"
            "S: HELLO 40 bytes\n"
            "S: END 1 OK 5 bytes\n");
}

TEST(Calls, LeaveNothingBehind) {
  SessionPair pair;
  for (int i = 0; i < 100; ++i) {
    const uint64_t call = pair.Open("echo.Echo/Unary", "hello");
    pair.Run();
    pair.Reply(call, "HELLO");
  }
  pair.Run();
  EXPECT_EQ(pair.client().open_calls(), 0u);
  EXPECT_EQ(pair.server().open_calls(), 0u);
  EXPECT_EQ(pair.client().memory_size(), 0u);
  EXPECT_EQ(pair.server().memory_size(), 0u);
}

TEST(Calls, AnEmptyMessageIsAMessage) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", "");
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).request, "");
  pair.Reply(call, "");
  pair.Run();
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_EQ(pair.AtClient(call).body, "");
}

TEST(Calls, AServerStreamsMessagesAndEnds) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/ServerStream", "3");
  pair.Run();
  for (const char* text : {"a", "", "c"}) {
    EXPECT_EQ(pair.server().Write(call, {text}), Sent::kGoOn);
  }
  pair.End(call);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).messages, Strings({"a", "", "c"}));
  EXPECT_TRUE(pair.AtClient(call).status.ok());
}

TEST(Calls, AClientStreamsMessagesAndReadsOneReply) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("echo.Echo/ClientStream");
  for (const char* text : {"1", "2", "3"}) pair.client().Write(call, {text});
  pair.client().CloseWriting(call);
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).messages, Strings({"1", "2", "3"}));
  EXPECT_TRUE(pair.AtServer(call).half_closed);
  pair.Reply(call, "6");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "6");
}

TEST(Calls, AnEmptyClientStreamGetsItsReply) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("echo.Echo/ClientStream");
  pair.client().CloseWriting(call);
  pair.Run();
  EXPECT_TRUE(pair.AtServer(call).begun);
  EXPECT_TRUE(pair.AtServer(call).half_closed);
  pair.Reply(call, "0");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "0");
}

TEST(Calls, BothSidesTalkInTurns) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("echo.Echo/Both");
  for (const char* text : {"ping", "pong", "ping"}) {
    pair.client().Write(call, {text});
    pair.Run();
    EXPECT_EQ(pair.AtServer(call).messages.back(), text);
    pair.server().Write(call, {text});
    pair.Run();
    EXPECT_EQ(pair.AtClient(call).messages.back(), text);
  }
  pair.client().CloseWriting(call);
  pair.Run();
  pair.End(call);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).messages.size(), 3u);
  EXPECT_TRUE(pair.AtClient(call).status.ok());
}

TEST(Calls, AServerMayEndBeforeTheClientsLast) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("echo.Echo/ClientStream");
  pair.client().Write(call, {"1"});
  pair.Run();
  pair.Reply(call, "enough");
  pair.client().Write(call, {"2"});  // crosses the END on its way
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "enough");
  EXPECT_EQ(pair.client().Write(call, {"3"}), Sent::kGone);
  EXPECT_FALSE(pair.server_closed.has_value());
  EXPECT_EQ(pair.server().counters().frames_ignored, 1u);
}

TEST(Calls, MetadataGoesBothWaysLeadingAndTrailing) {
  SessionPair pair;
  const std::vector<wire::Metadatum> request = {{"trace-id", "7"}, {"key-bin", "\x01\x02"}};
  const std::vector<wire::Metadatum> leading = {{"region", "north"}};
  const std::vector<wire::Metadatum> trailing = {{"cost", "3"}, {"cost", "4"}};
  const uint64_t call = pair.Open("echo.Echo/Unary", "x", {.metadata = request});
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).metadata,
            MetadataList({{"trace-id", "7"}, {"key-bin", "\x01\x02"}}));
  pair.server().SendMetadata(call, leading);
  const Payload reply{"y"};
  pair.server().End(call, absl::OkStatus(), &reply, trailing);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).metadata, MetadataList({{"region", "north"}}));
  EXPECT_EQ(pair.AtClient(call).trailing, MetadataList({{"cost", "3"}, {"cost", "4"}}));
  EXPECT_EQ(pair.AtClient(call).body, "y");
}

TEST(Calls, LeadingMetadataThatTheClientDoesNotTakeEndsTheCall) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", "x");
  pair.Run();
  const std::string value(70'000, 'v');  // a client takes a header of 65,536 bytes
  const std::vector<wire::Metadatum> leading = {{"region", value}};
  EXPECT_EQ(pair.server().SendMetadata(call, leading), Sent::kGone);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(pair.AtClient(call).status.message()),
              HasSubstr("the leading metadata takes a header of 70"));
  EXPECT_TRUE(pair.AtClient(call).metadata.empty());
  EXPECT_EQ(pair.AtServer(call).ends, 1);  // the handler has heard of it
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.server().open_calls(), 0u);
  EXPECT_FALSE(pair.client_closed.has_value());
}

TEST(CallsDeathTest, LeadingMetadataAfterTheFirstMessageEndsTheProgram) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/ServerStream", "x");
  pair.Run();
  pair.server().Write(call, {"y"});
  EXPECT_DEATH(pair.server().SendMetadata(call, {}),
               "uvrpc: this does not hold, but must: leading metadata stands before the first");
}

TEST(Calls, ANameThatIsNotUtf8IsRefusedBeforeItIsSent) {
  SessionPair pair;
  pair.Run();
  pair.ForgetPast();
  EXPECT_EQ(pair.client()
                .Open({.name = "Un\xFF"
                               "ary"},
                      {"x"})
                .status(),
            absl::InvalidArgumentError("the name of the method is not UTF-8"));
  pair.Run();
  EXPECT_TRUE(pair.history().empty());
}

TEST(Calls, AreAsManyAsTheHelloOfTheServerSays) {
  SessionPair pair({.server = {.calls_max = 2}});
  EXPECT_EQ(pair.client().calls_max(), kCallsMaxDefault);  // until it has come
  pair.Run();
  EXPECT_EQ(pair.client().calls_max(), 2u);
  pair.Open("echo.Echo/Unary", "x");
  pair.Open("echo.Echo/Unary", "x");
  EXPECT_EQ(pair.client().Open({.name = "echo.Echo/Unary"}, {"x"}).status(),
            absl::ResourceExhaustedError("2 calls are open, and the server takes at most 2"));
}

TEST(Calls, AStatusArrivesWithItsMessageAndPayloads) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", "x");
  pair.Run();
  absl::Status status = absl::NotFoundError("no such user: \xC3\xBC\t\n end");
  status.SetPayload("type/one", absl::Cord(absl::string_view("a\0b", 3)));
  status.SetPayload("type/two", absl::Cord(""));
  pair.End(call, status);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status, status);
  EXPECT_FALSE(pair.AtClient(call).unseen);
}

TEST(Calls, AnUnknownMethodIsUnimplementedAndUnseen) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Nothing", "x");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status,
            absl::UnimplementedError("there is no method \"echo.Echo/Nothing\""));
  EXPECT_TRUE(pair.AtClient(call).unseen);
  EXPECT_FALSE(pair.AtServer(call).begun);
}

TEST(Calls, CancelReachesTheHandlerAndFreesThePlaceWhenItEnds) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", "x");
  pair.Run();
  pair.client().Cancel(call);
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).ends, 1);
  EXPECT_EQ(pair.AtServer(call).status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(pair.client().open_calls(), 0u);
  EXPECT_EQ(pair.server().open_calls(), 1u);
  pair.Reply(call, "too late");
  EXPECT_EQ(pair.server().open_calls(), 0u);
  pair.Run();
  EXPECT_EQ(pair.Count("S: END"), 1);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
}

TEST(Calls, CancelAfterTheFirstReplyEndsTheStream) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("echo.Echo/Both");
  pair.client().Write(call, {"a"});
  pair.Run();
  pair.server().Write(call, {"A"});
  pair.Run();
  pair.client().Cancel(call);
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(pair.server().Write(call, {"B"}), Sent::kGone);
  pair.End(call);
  EXPECT_EQ(pair.server().open_calls(), 0u);
}

TEST(Calls, ADeadlineEndsTheCallOnBothSides) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", "x", {.deadline_us = pair.now_us() + 50'000});
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).timeout_us, 50'000u);
  pair.Wait(49'999);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  pair.Wait(1, false);
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pair.AtServer(call).status.code(), absl::StatusCode::kDeadlineExceeded);
  pair.Run();
  pair.End(call);
  EXPECT_EQ(pair.server().open_calls(), 0u);
  EXPECT_FALSE(pair.client_closed || pair.server_closed);
}

TEST(Calls, ManyDeadlinesPassInTheirOrder) {
  SessionPair pair;
  std::vector<uint64_t> calls;
  for (TimeUs i = 0; i < 200; ++i) {
    const TimeUs timeout_us = 1 + (i * 7919) % 200 * 100;
    calls.push_back(pair.Open("echo.Echo/Unary", "x", {.deadline_us = pair.now_us() + timeout_us}));
  }
  pair.Run();
  const TimeUs start_us = pair.now_us();
  while (pair.client().open_calls() > 0) {
    pair.Wait(100, false);
    for (TimeUs i = 0; i < 200; ++i) {
      const bool passed = 1 + (i * 7919) % 200 * 100 <= pair.now_us() - start_us;
      ASSERT_EQ(pair.AtClient(calls[i]).ends, passed ? 1 : 0) << i;
    }
  }
}

TEST(Calls, AMessageReadLateStillComesBeforeTheEnd) {
  SessionPair pair({.read_at_once = false});
  const uint64_t call = pair.Open("echo.Echo/ServerStream", "x");
  pair.Run();
  pair.server().Write(call, {"a"});
  pair.server().Write(call, {"b"});
  pair.End(call, absl::AbortedError("enough"));
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  EXPECT_EQ(pair.ReadClient(call), Strings({"a", "b"}));
  pair.Listen();
  EXPECT_EQ(pair.AtClient(call).status, absl::AbortedError("enough"));
}

TEST(Calls, ASingleReplyThatIsMissingIsInternal) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", "x");
  pair.Run();
  pair.End(call);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kInternal);
}

TEST(Calls, WorkOneByteAtATime) {
  SessionPair pair;
  const uint64_t call = pair.Open("echo.Echo/Unary", std::string(3000, 'x'));
  while (pair.ToServer(1) > 0) pair.Listen();
  EXPECT_EQ(pair.AtServer(call).request, std::string(3000, 'x'));
  pair.Reply(call, std::string(2000, 'y'));
  while (pair.ToClient(1) > 0) pair.Listen();
  EXPECT_EQ(pair.AtClient(call).body, std::string(2000, 'y'));
}

TEST(Calls, GoWithoutHelloAsTheSmallestClientMakesThem) {
  SessionPair pair({.hello = false});
  const std::string large(300'000, 'x');
  const uint64_t call = pair.Open("echo.Echo/Unary", large);
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).request, large);
  pair.Reply(call, large);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, large);
  EXPECT_EQ(pair.TraceText(),
            "C: CALL 1 echo.Echo/Unary 300000 bytes LAST\n"
            "S: END 1 OK 300000 bytes\n");
}

}  // namespace
}  // namespace rpc::session
