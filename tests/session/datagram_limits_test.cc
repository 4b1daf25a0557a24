// Calls over datagrams under attack: what is sent back is bounded by what came, memory by its
// limit, and no bytes of a stranger do harm.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "tests/session/datagram_pair.h"

namespace rpc::session {
namespace {

using absl::StatusCode;
using hand::UdpCall;
using hand::UdpEndFrame;

std::string Bytes(size_t size) { return std::string(size, 'x'); }

uint32_t Code(StatusCode code) { return static_cast<uint32_t>(code); }

// Feeds one datagram, and adds what comes back for it.
size_t AnsweredSize(DatagramPair& pair, std::string_view datagram) {
  pair.FeedServer(datagram);
  size_t size = 0;
  for (const std::string& bytes : pair.TakeFromServer()) size += bytes.size();
  return size;
}

// Amplification.

TEST(DatagramLimits, AReplyOfThreeTimesItsCallIsSent) {
  DatagramPair pair;
  const std::string call = UdpCall({.padding_size = 100});
  pair.EndAll([&](uint64_t number) { pair.Reply(Bytes(3 * call.size() - 38), number); });
  pair.FeedServer(call);
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, 0u);
  EXPECT_EQ(end.size, 3 * call.size());
}

TEST(DatagramLimits, AReplyOfMoreThanThreeTimesItsCallNamesTcpAndBothNumbers) {
  DatagramPair pair;
  const std::string call = UdpCall({.padding_size = 100});
  pair.EndAll([&](uint64_t number) { pair.Reply(Bytes(3 * call.size() - 37), number); });
  pair.FeedServer(call);
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, Code(StatusCode::kResourceExhausted));
  EXPECT_EQ(end.message, absl::StrCat("use tcp:// for a reply of ", 3 * call.size() + 1,
                                      " bytes: over udp it has at most ", 3 * call.size(),
                                      ", 3 times its CALL"));
}

TEST(DatagramLimits, EndTellsWhetherTheReplyFits) {
  DatagramPair pair;
  std::vector<bool> told;
  for (const size_t size : {size_t{10}, size_t{1'000}}) {
    const std::string reply = Bytes(size);
    const Payload payload = {reply};
    pair.EndAll([&](uint64_t number) {
      told.push_back(pair.server().End(number, absl::OkStatus(), &payload));
    });
    pair.FeedServer(UdpCall({.call = size}));
  }
  EXPECT_EQ(told, (std::vector<bool>{true, false}));
}

TEST(DatagramLimits, AReplyAboveADatagramNamesTcpAndBothNumbers) {
  DatagramPair pair;
  pair.ReplyToAll(Bytes(1'200));
  pair.FeedServer(UdpCall({.padding_size = 900}));
  EXPECT_EQ(pair.TakeEnd().message,
            "use tcp:// for a reply of 1238 bytes: over udp it has at most 1200");
}

TEST(DatagramLimits, AReplyMayFillADatagramWhereNothingIsForged) {
  DatagramPair pair({.server = {.datagram_size_max = 65'507, .spoofing_impossible = true}});
  pair.ReplyToAll(Bytes(65'000));
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.TakeEnd().body.size(), 65'000u);
}

TEST(DatagramLimits, NoDatagramIsAboveWhatUdpCarriesWhateverTheLimitSays) {
  DatagramPair pair({.server = {.datagram_size_max = 1 << 20, .spoofing_impossible = true}});
  pair.ReplyToAll(Bytes(65'507));
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.TakeEnd().code, Code(StatusCode::kResourceExhausted));
}

TEST(DatagramLimits, AnErrorIsCutToThreeTimesItsCall) {
  DatagramPair pair;
  const std::string call = UdpCall();
  absl::Status status = absl::InternalError(Bytes(5'000));
  status.SetPayload("type", absl::Cord(Bytes(100)));
  const std::vector<wire::Metadatum> trailing = {{"k", "v"}};
  pair.EndAll([&](uint64_t number) { pair.server().End(number, status, nullptr, trailing); });
  pair.FeedServer(call);
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, Code(StatusCode::kInternal));
  EXPECT_EQ(end.size, 3 * call.size());
  EXPECT_EQ(end.details, 0u);
  EXPECT_TRUE(end.metadata.empty());
}

TEST(DatagramLimits, ARepeatThatIsSmallerThanItsCallDrawsNoLargerReply) {
  DatagramPair pair;
  pair.ReplyToAll(Bytes(1'000));
  pair.FeedServer(UdpCall({.padding_size = 400}));
  EXPECT_EQ(pair.TakeEnd().body.size(), 1'000u);
  EXPECT_EQ(AnsweredSize(pair, UdpCall()), 0u);
  EXPECT_EQ(pair.server().counters().repeats_too_small, 1u);
  EXPECT_GT(AnsweredSize(pair, UdpCall({.padding_size = 400})), 1'000u);
}

TEST(DatagramLimits, WhatCannotBeAnsweredInThreeTimesItsSizeIsNotAnswered) {
  DatagramPair pair;
  EXPECT_EQ(AnsweredSize(pair, std::string("\0\0\0\2{}", 6)), 0u);
  EXPECT_EQ(pair.server().counters().unanswerable, 1u);
}

TEST(DatagramLimits, NothingIsEverAnsweredWithMoreThanThreeTimesItsSize) {
  std::mt19937_64 random(1);
  DatagramPair pair({.server = {.calls_max = 200}});
  pair.EndAll([&](uint64_t number) {
    switch (random() % 4) {
      case 0:
        return pair.Reply(Bytes(random() % 2'000), number);
      case 1:
        return pair.End(absl::InternalError(Bytes(random() % 2'000)), number);
      case 2:
        return pair.server().Refuse(number, absl::UnavailableError(Bytes(random() % 300)));
      default:
        return;  // runs on, until its deadline
    }
  });
  constexpr std::string_view kNames[] = {"Unary", "", "ServerStream", "Nothing"};
  size_t in = 0;
  size_t out = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string call =
        UdpCall({.session = random() % 3,
                 .call = random() % 500,
                 .name = kNames[random() % 8 < 5 ? 0 : random() % 4],
                 .timeout_us = random() % 10 ? random() % 100'000 : random() % (100 * kSecondUs),
                 .metadata = random() % 20 ? std::vector<wire::Metadatum>()
                                           : std::vector<wire::Metadatum>{{"BAD", ""}},
                 .padding_size = random() % 4 ? 0 : random() % 1'500,
                 .form = random() % 3 ? wire::Form::kBinary : wire::Form::kJson},
                Bytes(random() % 3 ? 0 : random() % 300));
    in += call.size();
    // What comes without being asked, when deadlines pass, belongs to a CALL that came before.
    pair.Wait(random() % 5'000, false);
    for (const std::string& bytes : pair.TakeFromServer()) out += bytes.size();
    pair.FeedServer(call);
    for (const std::string& bytes : pair.TakeFromServer()) {
      EXPECT_LE(bytes.size(), 3 * call.size());
      out += bytes.size();
    }
    ASSERT_LE(out, 3 * in);
  }
  EXPECT_GT(pair.server().counters().repeats_answered, 100u);
  EXPECT_GT(pair.server().counters().calls_refused, 100u);
}

// Room.

TEST(DatagramLimits, WithoutRoomANewCallIsRefusedAndTheOthersStay) {
  DatagramPair pair({.server = {.calls_max = 10}});
  pair.ReplyToAll("answer");
  for (uint64_t call = 1; call <= 10; ++call) pair.FeedServer(UdpCall({.call = call}));
  pair.TakeEnds();
  pair.FeedServer(UdpCall({.call = 11}));
  const UdpEndFrame end = pair.TakeEnd();
  EXPECT_EQ(end.code, Code(StatusCode::kResourceExhausted));
  EXPECT_EQ(end.message, "the server remembers 10 calls over udp, of at most 10");
  for (uint64_t call = 1; call <= 10; ++call) {
    pair.FeedServer(UdpCall({.call = call}));
    EXPECT_EQ(pair.TakeEnd().body, "answer");
  }
  EXPECT_EQ(pair.handled().size(), 10u);
}

TEST(DatagramLimits, MemoryIsBoundedAndRefusalsSaySo) {
  DatagramPair pair({.server = {.memory_size_max = 20'000}});
  pair.ReplyToAll(Bytes(1'000));
  uint64_t call = 0;
  UdpEndFrame end;
  while (end.code == 0) {
    pair.FeedServer(UdpCall({.call = ++call, .padding_size = 400}));
    end = pair.TakeEnd();
    ASSERT_LE(pair.server().memory_size(), 20'000u);
    ASSERT_LT(call, 100u);
  }
  EXPECT_GT(call, 10u);
  EXPECT_TRUE(end.message.find("at most 20000 are held") != std::string::npos) << end.message;
  pair.Wait(6 * kSecondUs, false);
  EXPECT_EQ(pair.server().memory_size(), 0u);
}

TEST(DatagramLimits, AReplyThatCannotBeKeptIsSentOnceAndItsRepeatsLearnThatItIsGone) {
  DatagramPair pair(
      {.server = {
           .datagram_size_max = 10'000, .spoofing_impossible = true, .memory_size_max = 5'000}});
  pair.ReplyToAll(Bytes(8'000));
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.TakeEnd().body.size(), 8'000u);
  EXPECT_LE(pair.server().memory_size(), 5'000u);
  pair.FeedServer(UdpCall());
  EXPECT_EQ(pair.TakeEnd().code, Code(StatusCode::kResourceExhausted));
  EXPECT_EQ(pair.handled().size(), 1u);
  EXPECT_EQ(pair.server().counters().replies_not_kept, 1u);
}

TEST(DatagramLimits, RefusalsThatNobodySendsAreBounded) {
  DatagramPair pair;
  for (uint64_t call = 1; call <= 20'000; ++call) {
    pair.FeedServer(UdpCall({.call = call, .name = "Nothing"}));
  }
  EXPECT_GT(pair.server().counters().refusals_not_sent, 10'000u);
  size_t size = 0;
  for (const std::string& bytes : pair.TakeFromServer()) size += bytes.size();
  EXPECT_LE(size, 256u << 10);
  pair.FeedServer(UdpCall({.name = "Nothing"}));
  EXPECT_EQ(pair.TakeEnd().code, Code(StatusCode::kUnimplemented));
}

TEST(DatagramLimits, AFloodOfCallsIsTakenUpToTheLimitAndForgotten) {
  DatagramPair pair;
  pair.ReplyToAll("yes");
  for (uint64_t call = 1; call <= 30'000; ++call) {
    pair.FeedServer(UdpCall({.call = call, .timeout_us = 1 + call % 60'000'000}));
    if (call % 100 == 0) pair.TakeFromServer();
  }
  EXPECT_EQ(pair.handled().size(), 10'000u);
  pair.server().Advance(pair.now_us() + 70 * kSecondUs);
  EXPECT_EQ(pair.server().entries(), 0u);
  EXPECT_EQ(pair.server().memory_size(), 0u);
  pair.server().CheckInvariants();
}

// Garbage.

TEST(DatagramLimits, RandomBytesDoNoHarm) {
  std::mt19937_64 random(7);
  DatagramPair pair;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes(random() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (bytes.size() > 4 && random() % 2) {
      bytes.replace(0, 4, std::string("\0\0\0", 3) + char(random() % (bytes.size() - 3)));
    }
    pair.FeedServer(bytes);
    pair.FeedClient(bytes);
  }
  EXPECT_EQ(pair.server().counters().received, 50'000u);
  EXPECT_EQ(pair.client().counters().received, 50'000u);
  EXPECT_GT(pair.server().counters().dropped_not_a_frame, 40'000u);
}

TEST(DatagramLimits, DamagedCallsAndEndsDoNoHarm) {
  std::mt19937_64 random(8);
  DatagramPair pair({.server = {.calls_max = 500}});
  pair.EndAll([&](uint64_t number) {
    if (random() % 2) pair.Reply(Bytes(random() % 500), number);
  });
  for (int i = 0; i < 50'000; ++i) {
    const uint64_t call = 1 + random() % 1'000;
    const wire::Form form = random() % 2 ? wire::Form::kBinary : wire::Form::kJson;
    std::string bytes = UdpCall({.call = call, .timeout_us = 100'000, .form = form}, Bytes(20));
    for (int flips = random() % 3; flips >= 0; --flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    pair.FeedServer(bytes);
    for (std::string end : pair.TakeFromServer()) {
      end[random() % end.size()] ^= static_cast<char>(1 << random() % 8);
      pair.FeedClient(end);
    }
    if (i % 100 == 0) pair.Wait(50'000, false);
  }
  EXPECT_GT(pair.handled().size(), 500u);
  EXPECT_GT(pair.server().counters().dropped_bad_md5, 1'000u);
}

}  // namespace
}  // namespace rpc::session
