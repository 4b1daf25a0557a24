// A server of datagrams, its clients played by the test: what it takes, what it answers, and what
// it drops without a word.
#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "tests/session/datagram_pair.h"

namespace rpc::session {
namespace {

using absl::StatusCode;
using hand::UdpCall;
using hand::UdpEndFrame;
using testing::Test;

uint32_t Code(StatusCode code) { return static_cast<uint32_t>(code); }

bool Names(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// That the CALL is answered like this, and leaves nothing behind.
void ExpectRefused(DatagramPair& pair, std::string_view call, StatusCode code,
                   std::string_view part) {
  const size_t entries = pair.server().entries();
  const size_t handled = pair.handled().size();
  pair.FeedServer(call);
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, Code(code));
  EXPECT_TRUE(Names(end.message, part)) << end.message;
  EXPECT_EQ(pair.server().entries(), entries);
  EXPECT_EQ(pair.handled().size(), handled);
}

// That nothing at all is answered; *counter counts it.
void ExpectDropped(DatagramPair& pair, std::string_view datagram, const uint64_t& counter) {
  const uint64_t before = counter;
  pair.FeedServer(datagram);
  EXPECT_EQ(counter, before + 1);
  EXPECT_TRUE(pair.TakeEnds().empty());
  EXPECT_TRUE(pair.handled().empty());
  EXPECT_EQ(pair.server().entries(), 0u);
}

TEST(DatagramServer, HandsACallToItsHandlerAndSendsTheReplyToItsSource) {
  DatagramPair pair;
  pair.FeedServer(UdpCall({.call = 5, .metadata = {{"trace-id", "4f1c"}}}, "question"), "10.0.0.7");
  ASSERT_EQ(pair.handled().size(), 1u);
  EXPECT_EQ(pair.handled()[0].request, "question");
  EXPECT_EQ(pair.handled()[0].source, "10.0.0.7");
  EXPECT_EQ(pair.handled()[0].client_id, 5u);
  EXPECT_EQ(pair.handled()[0].metadata.at("trace-id"), "4f1c");
  pair.Reply("answer");
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.destination, "10.0.0.7");
  EXPECT_EQ(end.session, hand::kSession);
  EXPECT_EQ(end.call, 5u);
  EXPECT_EQ(end.code, 0u);
  EXPECT_EQ(end.body, "answer");
}

TEST(DatagramServer, SendsAnErrorWithItsDetailsAndMetadata) {
  DatagramPair pair;
  pair.FeedServer(UdpCall({.padding_size = 300}));
  absl::Status status = absl::NotFoundError("no such text");
  status.SetPayload("type.googleapis.com/echo.Number", absl::Cord("x"));
  const wire::Metadatum trailing[] = {{"served-by", "b7"}};
  pair.server().End(1, status, nullptr, trailing);
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, Code(StatusCode::kNotFound));
  EXPECT_EQ(end.message, "no such text");
  EXPECT_EQ(end.details, 1u);
  EXPECT_EQ(end.metadata.at("served-by"), "b7");
  EXPECT_EQ(end.flags, wire::kFlagBare);
}

TEST(DatagramServer, TakesAnEmptyRequestAndGivesAnEmptyReply) {
  DatagramPair pair;
  pair.ReplyToAll("");
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.handled().at(0).request, "");
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, 0u);
  EXPECT_EQ(end.flags, 0u);
}

TEST(DatagramServer, KeepsManyRequestsUntilTheyAreTaken) {
  DatagramServer server(
      {},
      [](std::string_view) -> const Method* {
        static const Method kMethod = {true, true};
        return &kMethod;
      },
      0);
  for (uint64_t call = 1; call <= 100; ++call) {
    server.Receive("s", UdpCall({.call = call}, absl::StrCat("request ", call)));
  }
  Event event;
  for (uint64_t call = 1; call <= 100; ++call) {
    ASSERT_TRUE(server.Next(&event));
    EXPECT_EQ(event.body, absl::StrCat("request ", call));
    EXPECT_EQ(event.header->call, call);
  }
  EXPECT_FALSE(server.Next(&event));
}

TEST(DatagramServer, CarriesTheTagOfACall) {
  DatagramPair pair;
  pair.FeedServer(UdpCall());
  int tag = 0;
  pair.server().SetTag(1, &tag);
  pair.server().Advance(pair.now_us() + kSecondUs);
  Event event;
  ASSERT_TRUE(pair.server().Next(&event));
  EXPECT_EQ(event.kind, EventKind::kCancelled);
  EXPECT_EQ(event.tag, &tag);
}

// What it drops.

TEST(DatagramServer, DropsWhatIsNoFrame) {
  DatagramPair pair;
  const uint64_t& counter = pair.server().counters().dropped_not_a_frame;
  const std::string call = UdpCall({}, "question");
  for (size_t size = 0; size < call.size(); ++size) {
    ExpectDropped(pair, call.substr(0, size), counter);
  }
  ExpectDropped(pair, call + "x", counter);
  ExpectDropped(pair, call + call, counter);
  ExpectDropped(pair, "GET / HTTP/1.1\r\n\r\n", counter);
  ExpectDropped(pair, std::string(1'200, '\0'), counter);
  ExpectDropped(pair, std::string(1'200, '\xff'), counter);
  ExpectDropped(pair, std::string("\0\0\0\5{{{{{", 9), counter);
}

TEST(DatagramServer, DropsNumbersThatNoFrameMayHave) {
  DatagramPair pair;
  const uint64_t& counter = pair.server().counters().dropped_not_a_frame;
  ExpectDropped(pair, UdpCall({.call = wire::kNumberMax + 1}), counter);
  ExpectDropped(pair, UdpCall({.timeout_us = UINT64_MAX}), counter);
}

TEST(DatagramServer, DropsABodyThatFailsItsMd5) {
  DatagramPair pair;
  std::string call = UdpCall({}, "question");
  call.back() ^= 1;
  ExpectDropped(pair, call, pair.server().counters().dropped_bad_md5);
}

TEST(DatagramServer, DropsABodyWithoutMd5) {
  DatagramPair pair;
  std::string call = UdpCall({}, "question");
  call.replace(4, 18, "");  // the md5 with its tag and length
  call[3] = static_cast<char>(call[3] - 18);
  ExpectDropped(pair, call, pair.server().counters().dropped_bad_md5);
}

TEST(DatagramServer, DropsEveryKindButCall) {
  DatagramPair pair;
  for (const int kind : {1, 2, 3, 4, 5, 6, 7, 8, 9, 63, 64, 1'000, -1}) {
    ExpectDropped(pair, UdpCall({.kind = wire::Kind{kind}}, "x"),
                  pair.server().counters().dropped_not_a_call);
  }
}

TEST(DatagramServer, DropsACallWithMoreToCome) {
  DatagramPair pair;
  const uint64_t& counter = pair.server().counters().dropped_not_a_call;
  ExpectDropped(pair, UdpCall({.flags = 0}, "x"), counter);
  ExpectDropped(pair, UdpCall({.flags = wire::kFlagMore}, "x"), counter);
  ExpectDropped(pair, UdpCall({.flags = wire::kFlagMore | wire::kFlagLast}, "x"), counter);
}

TEST(DatagramServer, DropsACallWithoutItsMessage) {
  DatagramPair pair;
  ExpectDropped(pair, UdpCall({.flags = wire::kFlagBare | wire::kFlagLast}),
                pair.server().counters().dropped_not_a_call);
}

TEST(DatagramServer, DropsACallThatIsCompressed) {
  DatagramPair pair;
  for (const int encoding : {1, 2, -1}) {
    ExpectDropped(pair, UdpCall({.encoding = wire::Encoding{encoding}}, "x"),
                  pair.server().counters().dropped_not_a_call);
  }
}

TEST(DatagramServer, DropsMoreBytesThanADatagramHas) {
  DatagramPair pair({.server = {.datagram_size_max = 1 << 20}});
  ExpectDropped(pair, UdpCall({}, std::string(kDatagramSizeMax, 'x')),
                pair.server().counters().dropped_too_large);
}

// What it refuses.

TEST(DatagramServer, RefusesASessionOrAnIdOfZero) {
  DatagramPair pair;
  ExpectRefused(pair, UdpCall({.session = 0}), StatusCode::kInvalidArgument, "session");
  ExpectRefused(pair, UdpCall({.call = 0}), StatusCode::kInvalidArgument, "call id");
}

TEST(DatagramServer, RefusesATimeoutOfZeroOrAboveAMinute) {
  DatagramPair pair;
  ExpectRefused(pair, UdpCall({.timeout_us = 0, .padding_size = 100}), StatusCode::kInvalidArgument,
                "timeout_us is 0, but over udp it has to be from 1 to 60000000");
  ExpectRefused(pair, UdpCall({.timeout_us = 60'000'001}), StatusCode::kInvalidArgument,
                "60000001");
  pair.FeedServer(UdpCall({.call = 1, .timeout_us = 60'000'000}));
  pair.FeedServer(UdpCall({.call = 2, .timeout_us = 1}));
  EXPECT_EQ(pair.handled().size(), 2u);
}

TEST(DatagramServer, RefusesAMethodThatIsNotThere) {
  DatagramPair pair;
  ExpectRefused(pair, UdpCall({.name = "Nothing"}), StatusCode::kUnimplemented,
                "there is no method \"Nothing\"");
  ExpectRefused(pair, UdpCall({.name = ""}), StatusCode::kUnimplemented, "no method");
}

TEST(DatagramServer, RefusesAMethodThatStreamsAndNamesTcp) {
  DatagramPair pair;
  ExpectRefused(pair, UdpCall({.name = "ServerStream"}), StatusCode::kUnimplemented, "tcp://");
  ExpectRefused(pair, UdpCall({.name = "ClientStream"}), StatusCode::kUnimplemented, "tcp://");
}

TEST(DatagramServer, RefusesMetadataAgainstTheRules) {
  DatagramPair pair;
  ExpectRefused(pair, UdpCall({.metadata = {{"UPPER", "x"}}}), StatusCode::kInvalidArgument,
                "metadata key");
  const std::vector<wire::Metadatum> many(129, {"k", "v"});
  ExpectRefused(pair, UdpCall({.metadata = many}), StatusCode::kInvalidArgument, "129");
}

TEST(DatagramServer, RefusesACallAboveItsLimitAndNamesTcpAndBothNumbers) {
  DatagramPair pair;
  const std::string call = UdpCall({}, std::string(1'200, 'x'));
  ExpectRefused(pair, call, StatusCode::kResourceExhausted, "tcp://");
  ExpectRefused(pair, call, StatusCode::kResourceExhausted,
                absl::StrCat(call.size(), " bytes: over udp this server takes at most 1200"));
}

TEST(DatagramServer, TakesACallThatIsAboveItsLimitOnlyByItsPadding) {
  DatagramPair pair;
  pair.FeedServer(UdpCall({.padding_size = 20'000}, "question"));
  EXPECT_EQ(pair.handled().at(0).request, "question");
}

TEST(DatagramServer, RefusesNewCallsWhileItDrainsAndAnswersThoseThatItKnows) {
  DatagramPair pair;
  pair.FeedServer(UdpCall({.call = 1}));
  pair.FeedServer(UdpCall({.call = 2}));
  pair.Reply("done", 1);
  pair.TakeEnds();
  pair.server().Drain();
  ExpectRefused(pair, UdpCall({.call = 3}), StatusCode::kUnavailable, "draining");
  pair.FeedServer(UdpCall({.call = 1}));
  EXPECT_EQ(pair.TakeEnd().body, "done");
  pair.Reply("done too", 2);
  EXPECT_EQ(pair.TakeEnd().body, "done too");
  EXPECT_EQ(pair.server().running_calls(), 0u);
}

TEST(DatagramServer, CanRefuseACallThatNoHandlerSaw) {
  DatagramPair pair;
  pair.FeedServer(UdpCall());
  pair.server().Refuse(1, absl::ResourceExhaustedError("busy"));
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, Code(StatusCode::kResourceExhausted));
  EXPECT_EQ(end.flags & wire::kFlagUnseen, 0u);
}

// At most once.

TEST(DatagramServer, DropsARepeatWhileTheHandlerRuns) {
  DatagramPair pair;
  for (int i = 0; i < 10; ++i) pair.FeedServer(UdpCall({}, "question"));
  EXPECT_EQ(pair.handled().size(), 1u);
  EXPECT_TRUE(pair.TakeEnds().empty());
  EXPECT_EQ(pair.server().counters().repeats_dropped, 9u);
}

TEST(DatagramServer, AnswersARepeatWithTheReplyThatItKept) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  for (int i = 0; i < 10; ++i) {
    pair.FeedServer(UdpCall({.timeout_us = kSecondUs - i}, "question"));
    EXPECT_EQ(pair.TakeEnd().body, "answer");
  }
  EXPECT_EQ(pair.handled().size(), 1u);
  EXPECT_EQ(pair.server().counters().repeats_answered, 9u);
}

TEST(DatagramServer, AnswersRepeatsThatCameTogetherOnce) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  for (int i = 0; i < 10; ++i) pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.TakeEnds().size(), 1u);
}

TEST(DatagramServer, RemembersACallUntilFiveSecondsAfterItsDeadline) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  pair.FeedServer(UdpCall());
  pair.Wait(6 * kSecondUs - 1, false);
  EXPECT_EQ(pair.server().entries(), 1u);
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.handled().size(), 1u);
  pair.Wait(1, false);
  EXPECT_EQ(pair.server().entries(), 0u);
  EXPECT_EQ(pair.server().memory_size(), 0u);
  EXPECT_EQ(pair.server().NextTimeUs(), kNever);
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.handled().size(), 2u);
}

TEST(DatagramServer, ARepeatDoesNotMoveTheDeadline) {
  DatagramPair pair;
  pair.FeedServer(UdpCall());
  pair.Wait(kSecondUs / 2, false);
  pair.FeedServer(UdpCall());
  pair.Wait(kSecondUs / 2, false);
  EXPECT_EQ(pair.handled()[0].cancels, 1);
}

TEST(DatagramServer, TellsSourcesSessionsAndIdsApart) {
  DatagramPair pair;
  pair.FeedServer(UdpCall(), "a");
  pair.FeedServer(UdpCall(), "b");
  pair.FeedServer(UdpCall({.session = 8}), "a");
  pair.FeedServer(UdpCall({.call = 2}), "a");
  EXPECT_EQ(pair.handled().size(), 4u);
  pair.FeedServer(UdpCall(), "a");
  EXPECT_EQ(pair.handled().size(), 4u);
}

TEST(DatagramServer, TakesIdsInAnyOrder) {
  DatagramPair pair;
  for (const uint64_t call : {9, 3, 7, 1, 8}) pair.FeedServer(UdpCall({.call = call}));
  EXPECT_EQ(pair.handled().size(), 5u);
}

TEST(DatagramServer, ARefusalIsNotRemembered) {
  DatagramPair pair({.server = {.calls_max = 1}});
  pair.FeedServer(UdpCall({.call = 1, .timeout_us = 1}));
  pair.Reply("done");
  pair.TakeEnds();
  ExpectRefused(pair, UdpCall({.call = 2}), StatusCode::kResourceExhausted, "1 calls");
  pair.Wait(6 * kSecondUs, false);
  pair.FeedServer(UdpCall({.call = 2}));
  EXPECT_EQ(pair.handled().size(), 2u);
}

// Deadlines and cancelling.

TEST(DatagramServer, EndsACallWhoseDeadlinePassesAndTellsItsHandler) {
  DatagramPair pair;
  pair.FeedServer(UdpCall());
  pair.Wait(kSecondUs - 1, false);
  EXPECT_EQ(pair.handled()[0].cancels, 0);
  pair.Wait(1, false);
  EXPECT_EQ(pair.handled()[0].why.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pair.TakeEnd().code, Code(StatusCode::kDeadlineExceeded));
  pair.Reply("too late");
  EXPECT_TRUE(pair.TakeEnds().empty());
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.TakeEnd().code, Code(StatusCode::kDeadlineExceeded));
}

TEST(DatagramServer, ACallWhoseDeadlinePassesBeforeItIsTakenSeesNoHandler) {
  DatagramServer server(
      {},
      [](std::string_view) -> const Method* {
        static const Method kMethod = {true, true};
        return &kMethod;
      },
      0);
  server.Receive("s", UdpCall());
  server.Advance(kSecondUs);
  Event event;
  EXPECT_FALSE(server.Next(&event));
  EXPECT_EQ(server.running_calls(), 0u);
  Datagram datagram;
  EXPECT_TRUE(server.NextDatagram(&datagram));
  server.CheckInvariants();
}

TEST(DatagramServer, RemembersACallAsLongAsItsHandlerRuns) {
  DatagramPair pair;
  pair.FeedServer(UdpCall());
  pair.Wait(100 * kSecondUs, false);
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.handled().size(), 1u);
  EXPECT_EQ(pair.server().entries(), 1u);
  pair.Reply("at last");
  EXPECT_EQ(pair.server().entries(), 0u);
}

TEST(DatagramServer, AnEndForACallThatIsOverHasNoEffect) {
  DatagramPair pair;
  pair.FeedServer(UdpCall());
  pair.Reply("once", 1);
  pair.Reply("twice", 1);
  pair.Reply("of no call", 99);
  EXPECT_EQ(pair.TakeEnd().body, "once");
  EXPECT_EQ(pair.server().SourceOf(1), "");
}

TEST(DatagramServer, CancelsEveryCallInTheOrderInWhichTheyCame) {
  DatagramPair pair;
  for (uint64_t call = 1; call <= 50; ++call) pair.FeedServer(UdpCall({.call = call}));
  pair.Reply("done", 1);
  pair.TakeEnds();
  pair.server().CancelEveryCall(absl::UnavailableError("the server is going"));
  const std::vector<UdpEndFrame> ends = pair.TakeEnds();
  ASSERT_EQ(ends.size(), 49u);
  for (size_t i = 0; i < ends.size(); ++i) {
    EXPECT_EQ(ends[i].call, i + 2);
    EXPECT_EQ(ends[i].code, Code(StatusCode::kUnavailable));
  }
  pair.Run();
  EXPECT_EQ(pair.handled()[0].cancels, 0);
  EXPECT_EQ(pair.handled()[49].cancels, 1);
}

// JSON.

TEST(DatagramServer, AnswersJsonInJson) {
  DatagramPair pair;
  const std::string record =
      R"({"name":"Unary","size":16,"md5":"74aeca60509e242fee81993c4d138d06","call":1,)"
      R"("timeout_us":1000000,"session":"0123456789abcdef"})";
  std::string call("\0\0\0", 3);
  call += static_cast<char>(record.size());
  call += record + R"({"text":"hello"})";
  pair.FeedServer(call);
  EXPECT_EQ(pair.handled().at(0).request, R"({"text":"hello"})");
  pair.Reply(R"({"text":"hi"})");
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.form, wire::Form::kJson);
  EXPECT_EQ(end.session, 0x0123456789abcdefu);
  EXPECT_EQ(end.body, R"({"text":"hi"})");
}

TEST(DatagramServer, RefusesInJsonWhatCameInJson) {
  DatagramPair pair;
  pair.FeedServer(UdpCall({.name = "Nothing", .form = wire::Form::kJson}));
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.form, wire::Form::kJson);
  EXPECT_EQ(end.code, Code(StatusCode::kUnimplemented));
}

TEST(DatagramServer, ARepeatInTheOtherFormIsTheSameCall) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  pair.FeedServer(UdpCall());
  pair.TakeEnds();
  pair.FeedServer(UdpCall({.form = wire::Form::kJson}));
  EXPECT_EQ(pair.TakeEnd().form, wire::Form::kBinary);
  EXPECT_EQ(pair.handled().size(), 1u);
}

}  // namespace
}  // namespace rpc::session
