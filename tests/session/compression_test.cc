// Compressed messages as a session receives them.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"
#include "tests/wire/zstd_frames.h"

namespace rpc::session {
namespace {

using hand::kLast;
using hand::kMore;
using wire::Encoding;
using wire::Kind;

std::string Text(size_t size) {
  std::string text;
  while (text.size() < size) text += "a sentence that compresses well, " + std::to_string(size);
  text.resize(size);
  return text;
}

std::string Call(uint64_t call, std::string_view body, uint32_t flags = kLast) {
  return hand::Frame({.call = call, .flags = flags, .name = "Unary", .encoding = Encoding::kZstd},
                     body);
}

std::string Message(uint64_t call, std::string_view body, uint32_t flags = 0) {
  return hand::Frame(
      {.kind = Kind::kMessage, .call = call, .flags = flags, .encoding = Encoding::kZstd}, body);
}

// A server whose client is played by the test, after HELLO.
class Compression : public testing::Test {
 protected:
  explicit Compression(const Limits& server = {}) : pair_({.server = server}) {
    pair_.Run();
    pair_.PlayClient();
    pair_.ForgetPast();
  }

  // What call 1 was answered without having begun; then the connection still works.
  std::string Refusal(std::string_view frames) {
    pair_.FeedServer(frames);
    EXPECT_FALSE(pair_.AtServer(1).begun);
    const std::string answer = pair_.trace().empty() ? "nothing" : pair_.trace().back();
    pair_.FeedServer(hand::Call(1000, "Unary", "still there?"));
    EXPECT_TRUE(pair_.AtServer(1000).begun);
    return answer;
  }

  SessionPair pair_;
};

class SmallMessages : public Compression {
 protected:
  SmallMessages() : Compression({.message_size_max = 10'000}) {}
};

class NoZstd : public Compression {
 protected:
  NoZstd() : Compression({.zstd = false}) {}
};

TEST_F(Compression, AWholeMessageIsExpanded) {
  pair_.FeedServer(Call(1, hand::Zstd(Text(50'000))));
  EXPECT_EQ(pair_.AtServer(1).request, Text(50'000));
}

TEST_F(Compression, AMessageInPartsIsExpandedWhenItIsWhole) {
  const std::string body = hand::Zstd(Text(500'000));
  ASSERT_GT(body.size(), 30u);
  pair_.FeedServer(Call(1, body.substr(0, 10), kMore));
  pair_.FeedServer(Message(1, body.substr(10, 10), kMore));
  EXPECT_FALSE(pair_.AtServer(1).begun);
  pair_.FeedServer(Message(1, body.substr(20), kLast));
  EXPECT_TRUE(pair_.AtServer(1).request == Text(500'000));
}

TEST_F(Compression, EveryMessageOfAStreamIsExpandedByItself) {
  pair_.FeedServer(hand::BareCall(1, "Both"));
  pair_.FeedServer(Message(1, hand::Zstd("one")) + hand::Message(1, "two") +
                   Message(1, hand::Zstd(Text(3'000))) + Message(1, ""));
  EXPECT_EQ(pair_.AtServer(1).messages, std::vector<std::string>({"one", "two", Text(3'000), ""}));
}

TEST_F(Compression, ACompressedMessageThatIsReadLateIsStillWhole) {
  pair_.SetReadAtOnce(false);
  pair_.FeedServer(hand::BareCall(1, "Both") + Message(1, hand::Zstd(Text(3'000))) +
                   Message(1, hand::Zstd(Text(4'000))));
  EXPECT_EQ(pair_.ReadServer(1), std::vector<std::string>({Text(3'000), Text(4'000)}));
}

TEST_F(Compression, AReplyIsExpandedAtTheClient) {
  SessionPair pair;
  pair.Run();
  const uint64_t call = pair.Open("Unary", "x");
  pair.PlayServer();
  pair.FeedClient(hand::Frame({.kind = Kind::kEnd, .call = call, .encoding = Encoding::kZstd},
                              hand::Zstd(Text(5'000))));
  EXPECT_EQ(pair.AtClient(call).body, Text(5'000));
}

TEST_F(Compression, GarbageIsDataLoss) {
  EXPECT_TRUE(Refusal(Call(1, "no zstd frame")).starts_with("S: END 1 DATA_LOSS"));
}

TEST_F(Compression, AFrameThatIsCutShortIsDataLoss) {
  const std::string body = hand::Zstd(Text(5'000));
  EXPECT_TRUE(Refusal(Call(1, body.substr(0, body.size() - 3))).starts_with("S: END 1 DATA_LOSS"));
}

TEST_F(Compression, BytesAfterTheFrameAreDataLoss) {
  EXPECT_TRUE(Refusal(Call(1, hand::Zstd("x") + "y")).starts_with("S: END 1 DATA_LOSS"));
}

TEST_F(Compression, AWindowAbove8MebibytesIsDataLoss) {
  EXPECT_TRUE(Refusal(Call(1, wire::WindowFrame(24, 0, "x"))).starts_with("S: END 1 DATA_LOSS"));
}

TEST_F(Compression, GarbageInAReplyIsDataLossAndTheServerIsToldToStop) {
  SessionPair pair;
  pair.Run();
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.PlayServer();
  pair.FeedClient(Message(call, "no zstd frame"));
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(pair.Count("C: CANCEL"), 1);
}

TEST_F(SmallMessages, ABombStopsAtTheLimit) {
  const std::string bomb = wire::Streamed(1 << 30, 'x');
  ASSERT_LT(bomb.size(), 100'000u);
  pair_.FeedServer(hand::BareCall(1, "Both"));
  for (size_t at = 0; at < bomb.size(); at += 5'000) {
    const bool more = at + 5'000 < bomb.size();
    pair_.FeedServer(Message(1, bomb.substr(at, 5'000), more ? kMore : 0));
  }
  EXPECT_EQ(pair_.AtServer(1).status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LE(pair_.server().memory_size(), 10'000u);
}

TEST_F(SmallMessages, ASmallBombStopsAtTheLimitToo) {
  const std::string bomb = hand::Zstd(std::string(1 << 20, 'x'));
  ASSERT_LT(bomb.size(), 10'000u);
  const std::string answer = Refusal(Call(1, bomb));
  EXPECT_TRUE(answer.starts_with("S: END 1 RESOURCE_EXHAUSTED")) << answer;
  EXPECT_NE(answer.find("10000"), answer.npos);  // the limit
}

TEST_F(SmallMessages, AMessageAtTheLimitAfterExpansionIsTaken) {
  pair_.FeedServer(Call(1, hand::Zstd(Text(10'000))));
  EXPECT_TRUE(pair_.AtServer(1).begun);
}

TEST_F(NoZstd, WhatWasNotOfferedIsUnimplemented) {
  EXPECT_EQ(Refusal(Call(1, hand::Zstd("x"))),
            "S: END 1 UNIMPLEMENTED \"encoding 1 was not offered\" BARE UNSEEN");
}

TEST_F(NoZstd, TheFirstPartIsEnoughToRefuse) {
  EXPECT_EQ(Refusal(Call(1, "x", kMore)),
            "S: END 1 UNIMPLEMENTED \"encoding 1 was not offered\" BARE UNSEEN");
}

TEST_F(Compression, TheMd5IsOfTheBytesSent) {
  const std::string body = hand::Zstd("hello");
  EXPECT_TRUE(Refusal(hand::FrameAsItIs({.call = 1,
                                         .flags = kLast,
                                         .name = "Unary",
                                         .size = body.size(),
                                         .md5 = "0123456789abcdef",
                                         .encoding = Encoding::kZstd},
                                        body))
                  .starts_with("S: END 1 DATA_LOSS"));
}

}  // namespace
}  // namespace rpc::session
