// A client of datagrams, its server played by the test; and a pair of both over a network that
// loses, repeats and reorders.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "rpc/wire/header_codec.h"
#include "tests/session/datagram_pair.h"

namespace rpc::session {
namespace {

using absl::StatusCode;
using hand::UdpCall;
using hand::UdpEnd;

constexpr uint64_t kSession = DatagramPair::kClientSession;

std::string Bytes(size_t size) { return std::string(size, 'x'); }

uint64_t TimeoutOf(std::string_view call) {
  wire::Header header;
  size_t length = 0;
  for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(call[i]);
  EXPECT_TRUE(wire::DecodeHeader(call.substr(4, length), &header).ok());
  EXPECT_EQ(header.session, kSession);
  EXPECT_EQ(header.flags, wire::kFlagLast);
  return header.timeout_us;
}

// When the client sends a CALL, counted from now, until it has no more to do.
std::vector<TimeUs> TimesOfSending(DatagramPair& pair) {
  const TimeUs start_us = pair.now_us();
  std::vector<TimeUs> times;
  for (;;) {
    for (size_t left = pair.TakeFromClient().size(); left > 0; --left) {
      times.push_back(pair.now_us() - start_us);
    }
    if (pair.client().NextTimeUs() == kNever) return times;
    pair.Wait(pair.client().NextTimeUs() - pair.now_us(), false);
  }
}

TEST(DatagramClient, SendsACallAndTellsItsReplyOnce) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question");
  EXPECT_EQ(pair.TakeFromClient().size(), 1u);
  pair.FeedClient(UdpEnd(kSession, call, "answer"));
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_EQ(pair.AtClient(call).body, "answer");
  pair.FeedClient(UdpEnd(kSession, call, "answer"));
  pair.Wait(10 * kSecondUs);
  EXPECT_EQ(pair.AtClient(call).ends, 1);
  EXPECT_EQ(pair.client().open_calls(), 0u);
  EXPECT_EQ(pair.client().memory_size(), 0u);
  EXPECT_EQ(pair.client().counters().dropped_not_ours, 1u);
}

TEST(DatagramClient, TellsAnErrorWithItsMetadata) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question");
  pair.FeedClient(UdpCall({.kind = wire::Kind::kEnd,
                           .session = kSession,
                           .call = call,
                           .flags = 0,
                           .code = 5,
                           .message = "no such text",
                           .metadata = {{"served-by", "b7"}}}));
  EXPECT_EQ(pair.AtClient(call).status, absl::NotFoundError("no such text"));
  EXPECT_EQ(pair.AtClient(call).trailing.at("served-by"), "b7");
}

TEST(DatagramClient, AnOkWithoutAReplyIsInternal) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question");
  pair.FeedClient(UdpCall(
      {.kind = wire::Kind::kEnd, .session = kSession, .call = call, .flags = wire::kFlagBare}));
  EXPECT_EQ(pair.AtClient(call).status.code(), StatusCode::kInternal);
}

TEST(DatagramClient, RepeatsAfterTenthsOfASecondThatDoubleUpToTwoSeconds) {
  DatagramPair pair;
  pair.Open("question", {.timeout_us = 10 * kSecondUs});
  EXPECT_EQ(TimesOfSending(pair),
            (std::vector<TimeUs>{0, 100'000, 300'000, 700'000, 1'500'000, 3'100'000, 5'100'000,
                                 7'100'000, 9'100'000}));
}

TEST(DatagramClient, EachRepeatSaysTheTimeThenLeft) {
  DatagramPair pair;
  pair.Open("question");
  EXPECT_EQ(TimeoutOf(pair.TakeFromClient().at(0)), 1'000'000u);
  pair.Wait(100'000, false);
  EXPECT_EQ(TimeoutOf(pair.TakeFromClient().at(0)), 900'000u);
  pair.Wait(250'000, false);
  EXPECT_EQ(TimeoutOf(pair.TakeFromClient().at(0)), 650'000u);
}

TEST(DatagramClient, ARepeatIsNeverSmallerThanItsCall) {
  for (size_t size = 0; size < 1'000; ++size) {
    DatagramPair pair;
    pair.Open(Bytes(size), {.timeout_us = 2'100'000});
    const size_t first = pair.TakeFromClient().at(0).size();
    EXPECT_GE(first, 400u);
    EXPECT_LE(first, 1'200u);
    pair.Wait(2'095'000, false);
    EXPECT_GE(pair.TakeFromClient().at(0).size(), first);
  }
}

TEST(DatagramClient, ACallMayBePaddedToAWholeDatagram) {
  for (const uint64_t size : {600, 601, 602, 603, 1'200, 20'000}) {
    DatagramPair pair({.client = {.datagram_size_max = size, .call_size_min = 1 << 20}});
    pair.Open("question");
    const size_t sent = pair.TakeFromClient().at(0).size();
    EXPECT_LE(sent, size);
    EXPECT_GE(sent, size - 1);
  }
}

TEST(DatagramClient, StopsRepeatingWhenTheEndHasCome) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question");
  pair.Wait(100'000, false);
  pair.FeedClient(UdpEnd(kSession, call, "answer"));
  pair.Wait(10 * kSecondUs, false);
  EXPECT_TRUE(pair.TakeFromClient().empty());
  EXPECT_EQ(pair.client().NextTimeUs(), kNever);
}

TEST(DatagramClient, WhatWasNotSentIsSentOnce) {
  DatagramPair pair;
  pair.Open("question");
  pair.Wait(700'000, false);
  EXPECT_EQ(pair.TakeFromClient().size(), 1u);
}

TEST(DatagramClient, EndsACallAtItsDeadline) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question");
  pair.Wait(kSecondUs - 1, false);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  pair.Wait(1, false);
  EXPECT_EQ(pair.AtClient(call).status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(pair.TakeFromClient().empty());
  pair.FeedClient(UdpEnd(kSession, call, "too late"));
  EXPECT_EQ(pair.AtClient(call).ends, 1);
}

TEST(DatagramClient, ACallWithoutADeadlineOrWithALaterOneHasAMinute) {
  DatagramPair pair;
  for (const TimeUs timeout_us : {kNever, 3'600 * kSecondUs}) {
    const uint64_t call = pair.Open("question", {.timeout_us = timeout_us});
    EXPECT_EQ(TimeoutOf(pair.TakeFromClient().at(0)), 60'000'000u);
    const TimeUs start_us = pair.now_us();
    pair.Wait(60 * kSecondUs, false);
    pair.TakeFromClient();
    EXPECT_EQ(pair.AtClient(call).ended_us - start_us, 60 * kSecondUs);
  }
}

TEST(DatagramClient, ACallThatWasGivenUpTellsNothing) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question");
  pair.client().Cancel(call);
  pair.client().Cancel(99);
  EXPECT_TRUE(pair.TakeFromClient().empty());
  pair.FeedClient(UdpEnd(kSession, call, "answer"));
  pair.Wait(10 * kSecondUs);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  EXPECT_EQ(pair.client().memory_size(), 0u);
}

TEST(DatagramClient, ACallThatIsGivenUpBeforeItsEndIsToldTellsNothing) {
  DatagramClient client({}, 1, 0);
  const uint64_t call = *client.Open({.name = "Unary", .single_reply = true}, {"x"});
  client.Receive(UdpEnd(1, call, "answer"));
  client.Cancel(call);
  Event event;
  EXPECT_FALSE(client.Next(&event));
  client.CheckInvariants();
}

TEST(DatagramClient, EndsEveryCallWhenItIsTold) {
  DatagramPair pair;
  const uint64_t first = pair.Open("a");
  const uint64_t second = pair.Open("b");
  pair.client().EndEveryCall(absl::CancelledError("closed"));
  pair.Run();
  for (const uint64_t call : {first, second}) {
    EXPECT_EQ(pair.AtClient(call).status.code(), StatusCode::kCancelled);
  }
}

TEST(DatagramClient, CopiesARequestThatNobodyOwns) {
  DatagramPair pair;
  std::string request = "question";
  pair.Open(request);
  request = "overwritten";
  pair.Run();
  EXPECT_EQ(pair.handled().at(0).request, "question");
}

// What it does not open.

TEST(DatagramClient, ARequestAboveADatagramNamesTcpAndBothNumbers) {
  DatagramPair pair;
  const absl::Status status = pair.TryOpen(Bytes(1'200)).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(std::string(status.message()),
            "use tcp:// for this call: its request takes a datagram of 1249 bytes, but over udp at "
            "most 1200 are sent");
  EXPECT_TRUE(pair.TryOpen(Bytes(1'151)).ok());
  EXPECT_FALSE(pair.TryOpen(Bytes(1'152)).ok());
}

TEST(DatagramClient, OpensOnlyUnaryCalls) {
  DatagramPair pair;
  for (const DatagramCallOptions& options :
       {DatagramCallOptions{.single_reply = false}, DatagramCallOptions{.last = false}}) {
    const absl::Status status = pair.TryOpen("x", options).status();
    EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
    EXPECT_NE(status.message().find("tcp://"), absl::string_view::npos);
  }
}

TEST(DatagramClient, RefusesWhatCannotBeSent) {
  DatagramPair pair;
  EXPECT_EQ(pair.TryOpen("x", {.timeout_us = 0}).status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pair.TryOpen("x", {.name = "\xff"}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(pair.TryOpen("x", {.metadata = {{"BAD", ""}}}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(pair.client().open_calls(), 0u);
}

TEST(DatagramClient, CallsAndTheirMemoryAreBounded) {
  DatagramPair pair({.client = {.calls_max = 3}});
  for (int i = 0; i < 3; ++i) pair.Open("x");
  EXPECT_EQ(pair.TryOpen("x").status().code(), StatusCode::kResourceExhausted);
  DatagramPair small({.client = {.memory_size_max = 1'000}});
  small.Open(Bytes(600));
  EXPECT_EQ(small.TryOpen(Bytes(600)).status().code(), StatusCode::kResourceExhausted);
}

// What it drops.

TEST(DatagramClient, DropsWhatIsNoEndOfItsCalls) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question");
  pair.FeedClient(UdpEnd(kSession + 1, call, "x"));
  pair.FeedClient(UdpEnd(kSession, call + 1, "x"));
  EXPECT_EQ(pair.client().counters().dropped_not_ours, 2u);
  for (const int kind : {0, 1, 3, 4, 5, 6, 7, 8, 64}) {
    pair.FeedClient(UdpCall({.kind = wire::Kind{kind}, .session = kSession, .call = call}));
  }
  pair.FeedClient(UdpCall(
      {.kind = wire::Kind::kEnd, .session = kSession, .call = call, .flags = wire::kFlagMore},
      "x"));
  EXPECT_EQ(pair.client().counters().dropped_not_an_end, 10u);
  pair.FeedClient("");
  pair.FeedClient("hello");
  EXPECT_EQ(pair.client().counters().dropped_not_a_frame, 2u);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
}

TEST(DatagramClient, DropsAReplyThatFailsItsMd5AndGetsTheNextOne) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  bool damaged = false;
  const uint64_t call = pair.Open("question");
  for (const std::string& bytes : pair.TakeFromClient()) pair.FeedServer(bytes);
  for (std::string bytes : pair.TakeFromServer()) {
    bytes.back() ^= 1;
    pair.FeedClient(bytes);
    damaged = true;
  }
  EXPECT_TRUE(damaged);
  EXPECT_EQ(pair.client().counters().dropped_bad_md5, 1u);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  pair.Wait(100'000);
  EXPECT_EQ(pair.AtClient(call).body, "answer");
  EXPECT_EQ(pair.handled().size(), 1u);
}

TEST(DatagramClient, TakesRepliesAsLargeAsADatagramWhateverItSends) {
  DatagramPair pair({.server = {.datagram_size_max = 65'507, .spoofing_impossible = true}});
  pair.ReplyToAll(Bytes(65'460));
  const uint64_t call = pair.Open("question");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body.size(), 65'460u);
}

// Both, with a network between them.

TEST(DatagramCalls, AReplyMayFillTheDatagramOfAClientThatPads) {
  DatagramPair pair;
  pair.ReplyToAll(Bytes(1'150));
  const uint64_t call = pair.Open("");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body.size(), 1'150u);
}

TEST(DatagramCalls, ALostCallIsSentAgain) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  int lost = 3;
  pair.network = [&](bool to_server, std::string_view) { return !to_server || --lost < 0; };
  const uint64_t call = pair.Open("question");
  pair.Run();
  pair.Wait(699'999);
  EXPECT_EQ(pair.AtClient(call).ends, 0);
  pair.Wait(1);
  EXPECT_EQ(pair.AtClient(call).body, "answer");
}

TEST(DatagramCalls, ALostReplyIsSentAgainWithoutASecondRun) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  int lost = 3;
  pair.network = [&](bool to_server, std::string_view) { return to_server || --lost < 0; };
  const uint64_t call = pair.Open("question");
  pair.Run();
  pair.Wait(kSecondUs);
  EXPECT_EQ(pair.AtClient(call).body, "answer");
  EXPECT_EQ(pair.handled().size(), 1u);
}

TEST(DatagramCalls, EverythingTwiceRunsOnceAndEndsOnce) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  pair.network = [](bool, std::string_view) { return 2; };
  const uint64_t call = pair.Open("question");
  pair.Run();
  EXPECT_EQ(pair.handled().size(), 1u);
  EXPECT_EQ(pair.AtClient(call).ends, 1);
}

TEST(DatagramCalls, TheReplyOfASlowHandlerArrivesWithoutAnotherRepeat) {
  DatagramPair pair;
  const uint64_t call = pair.Open("question", {.timeout_us = 10 * kSecondUs});
  pair.Run();
  pair.Wait(5 * kSecondUs);
  EXPECT_GT(pair.server().counters().repeats_dropped, 4u);
  pair.Reply("answer");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "answer");
  EXPECT_EQ(pair.handled().size(), 1u);
}

TEST(DatagramCalls, ARepeatThatOvertakesItsCallIsTheCall) {
  DatagramPair pair;
  pair.ReplyToAll("answer");
  const uint64_t call = pair.Open("question");
  const std::string first = pair.TakeFromClient().at(0);
  pair.Wait(100'000);
  EXPECT_EQ(pair.AtClient(call).body, "answer");
  pair.Wait(5 * kSecondUs);
  pair.FeedServer(first);
  EXPECT_EQ(pair.handled().size(), 1u);
}

TEST(DatagramCalls, ADrainingServerEndsNewCallsUnavailable) {
  DatagramPair pair;
  pair.server().Drain();
  const uint64_t call = pair.Open("question");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status.code(), StatusCode::kUnavailable);
}

TEST(DatagramCalls, ThousandsOfCallsOverABadNetworkEachEndOnceWithTheRightReply) {
  std::mt19937_64 random(3);
  DatagramPair pair;
  pair.EndAll(
      [&](uint64_t number) { pair.Reply("re: " + pair.handled()[number - 1].request, number); });
  pair.network = [&](bool, std::string_view) {
    const uint64_t fate = random() % 10;
    return fate < 3 ? 0 : fate < 8 ? 1 : 3;
  };
  std::vector<uint64_t> calls;
  for (int i = 0; i < 2'000; ++i) {
    calls.push_back(pair.Open(absl::StrCat("q", i), {.timeout_us = 30 * kSecondUs}));
    pair.Wait(random() % 2'000);
  }
  pair.Wait(30 * kSecondUs);
  for (size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(pair.AtClient(calls[i]).ends, 1);
    EXPECT_EQ(pair.AtClient(calls[i]).body, absl::StrCat("re: q", i));
  }
  EXPECT_EQ(pair.handled().size(), 2'000u);
  pair.Wait(10 * kSecondUs);
  EXPECT_EQ(pair.server().entries(), 0u);
}

}  // namespace
}  // namespace rpc::session
