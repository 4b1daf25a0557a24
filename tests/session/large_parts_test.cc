// Messages of several large parts, whose md5 are compared together when parts enough have come.
#include <gtest/gtest.h>

#include <string>

#include "rpc/wire/large_string.h"
#include "rpc/wire/md5.h"
#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

using hand::kLast;
using hand::kMore;

constexpr size_t kPart = 32 << 10;  // above wire::FrameDecoder::Parts::kSizeMin
constexpr size_t kTogether = 16;    // parts that are compared at once

std::string Bytes(size_t size) {
  std::string bytes(size, ' ');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

class LargeParts : public testing::Test {
 protected:
  LargeParts() : pair_({.server = {.call_window = 4 << 20, .call_window_max = 4 << 20}}) {}

  // A frame whose md5 is that of another body.
  static std::string Corrupted(wire::Kind kind, uint32_t flags) {
    const wire::Md5Digest md5 = wire::Md5("another body");
    const std::string_view bytes(reinterpret_cast<const char*>(md5.data()), md5.size());
    return hand::FrameAsItIs(
        {.kind = kind, .call = 1, .flags = flags, .name = "Unary", .size = kPart, .md5 = bytes},
        Bytes(kPart));
  }
  static std::string Good(uint32_t flags) { return hand::Message(1, Bytes(kPart), flags); }

  // What becomes of a request of these frames.
  void Send(const std::string& frames) {
    pair_.PlayClient();
    pair_.FeedServer(hand::Hello() + frames);
    pair_.Run();
  }
  void ExpectDataLoss() {
    EXPECT_EQ(pair_.Count("S: END 1 DATA_LOSS"), 1) << pair_.TraceText();
    EXPECT_EQ(pair_.server().counters().bodies_corrupted, 1u);
    EXPECT_FALSE(pair_.AtServer(1).begun);
    EXPECT_EQ(pair_.server().ending(), Ending::kNo);  // the framing is intact
  }

  SessionPair pair_;
};

TEST_F(LargeParts, ArriveWholeBothWays) {
  for (const size_t size : {3 * kPart + 1, 32 * kPart, 32 * kPart + 1, 100 * kPart}) {
    const uint64_t call = pair_.Open("Unary", Bytes(size));
    pair_.Run();
    ASSERT_EQ(pair_.AtServer(call).request, Bytes(size)) << size;
    pair_.Reply(call, Bytes(size + 5));
    pair_.Run();
    ASSERT_EQ(pair_.AtClient(call).body, Bytes(size + 5)) << size;
  }
}

TEST_F(LargeParts, ArriveWholeInMemoryThatWasUsedBefore) {
  wire::KeepLarge(16 << 20);
  for (const size_t parts : {40, 20, 60}) {
    const uint64_t call = pair_.Open("Unary", Bytes(parts * kPart));
    pair_.Run();
    ASSERT_EQ(pair_.AtServer(call).request, Bytes(parts * kPart)) << parts;
    pair_.Reply(call, Bytes(parts * kPart + 5));
    pair_.Run();
    ASSERT_EQ(pair_.AtClient(call).body, Bytes(parts * kPart + 5)) << parts;
  }
  wire::KeepLarge(0);
}

TEST_F(LargeParts, OfSeveralCallsAtOnceAreKeptApart) {
  std::vector<uint64_t> calls;
  for (size_t i = 0; i < 4; ++i) calls.push_back(pair_.Open("Unary", Bytes((20 + i) * kPart)));
  pair_.Run();
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(pair_.AtServer(calls[i]).request, Bytes((20 + i) * kPart));
  }
}

TEST_F(LargeParts, AreTakenWhenTheirMd5AreRight) {
  Send(hand::Call(1, "Unary", Bytes(kPart), kMore) + Good(kMore) + Good(kLast));
  EXPECT_EQ(pair_.AtServer(1).request, Bytes(kPart) + Bytes(kPart) + Bytes(kPart));
}

TEST_F(LargeParts, TheFirstIsCorrupted) {
  Send(Corrupted(wire::Kind::kCall, kMore) + Good(kMore) + Good(kLast));
  ExpectDataLoss();
}

TEST_F(LargeParts, OneInTheMiddleIsCorrupted) {
  Send(hand::Call(1, "Unary", Bytes(kPart), kMore) + Corrupted(wire::Kind::kMessage, kMore) +
       Good(kLast));
  ExpectDataLoss();
}

TEST_F(LargeParts, TheLastIsCorrupted) {
  Send(hand::Call(1, "Unary", Bytes(kPart), kMore) + Good(kMore) +
       Corrupted(wire::Kind::kMessage, kLast));
  ExpectDataLoss();
}

TEST_F(LargeParts, TheLastIsCorruptedAndComesAlone) {
  Send(hand::Call(1, "Unary", Bytes(kPart), kMore));
  pair_.FeedServer(Corrupted(wire::Kind::kMessage, kLast));
  pair_.Run();
  ExpectDataLoss();
}

TEST_F(LargeParts, ACorruptedOneIsFoundBeforeTheMessageEnds) {
  std::string frames = Corrupted(wire::Kind::kCall, kMore);
  for (size_t i = 1; i < kTogether; ++i) frames += Good(kMore);
  Send(frames);
  ExpectDataLoss();
}

TEST_F(LargeParts, OneWithoutMd5IsRefusedAtOnce) {
  Send(hand::Call(1, "Unary", Bytes(kPart), kMore) +
       hand::FrameAsItIs({.kind = wire::Kind::kMessage, .call = 1, .flags = kMore, .size = kPart},
                         Bytes(kPart)));
  ExpectDataLoss();
}

TEST_F(LargeParts, AHelloIsNoPartWhateverItsFlags) {
  pair_.PlayClient();
  const std::string md5(16, 'x');
  pair_.FeedServer(hand::FrameAsItIs(
      {.kind = wire::Kind::kHello, .flags = kMore, .size = kPart, .md5 = md5}, Bytes(kPart)));
  pair_.Run();
  EXPECT_EQ(pair_.server().ending(), Ending::kAfterOutput);
  EXPECT_EQ(pair_.Count("S: GOAWAY"), 1) << pair_.TraceText();
}

TEST_F(LargeParts, ALargeMessageOfOnePartIsCheckedAtOnce) {
  Send(Corrupted(wire::Kind::kCall, kLast));
  ExpectDataLoss();
}

}  // namespace
}  // namespace rpc::session
