// What GOAWAYs cost a client that had many calls open at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "rpc/session/client_session.h"
#include "rpc/wire/header.pb.h"
#include "tests/session/hand_frames.h"

namespace rpc::session {
namespace {

constexpr uint64_t kCalls = 100'000;

double ProcessorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// A client alone, whose server the test plays at full speed.
class GoawayFlood : public testing::Test {
 protected:
  GoawayFlood() {
    wire::Hello hello;
    hello.set_max_calls(kCalls);
    Feed(hand::Hello(hello.SerializeAsString()));
    for (uint64_t i = 0; i < kCalls; ++i) {
      EXPECT_TRUE(session_.Open({.name = "Unary", .single_reply = true}, {"x"}).ok());
    }
    TakeOutput();
  }

  void Feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> space = session_.Space();
      const size_t size = std::min(bytes.size(), space.size());
      std::memcpy(space.data(), bytes.data(), size);
      session_.Commit(size);
      bytes.remove_prefix(size);
      for (Event event; session_.Next(&event);) ended_ += event.kind == EventKind::kEnd;
    }
  }

  void TakeOutput() {
    while (!session_.Pieces().empty()) session_.Consume(session_.Pieces()[0].bytes.size());
  }

  // Each names one call less.
  void FeedGoaways(uint64_t from, uint64_t count) {
    std::string goaways;
    for (uint64_t i = 0; i < count; ++i) goaways += hand::Goaway(from - i);
    Feed(goaways);
  }

  Buffers buffers_;
  ClientSession session_{&buffers_, Limits(), kSecondUs};
  uint64_t ended_ = 0;
};

// A walk over the places of all calls for each takes more than a minute.
TEST_F(GoawayFlood, OverCallsThatWereAnsweredCostsNoWalkEach) {
  std::string ends;
  for (uint64_t call = 2; call <= kCalls; ++call) ends += hand::End(call, "y");
  Feed(ends);
  ASSERT_EQ(session_.open_calls(), 1u);
  const double begin = ProcessorSeconds();
  FeedGoaways(kCalls - 1, kCalls - 2);
  EXPECT_LT(ProcessorSeconds() - begin, 10);
  EXPECT_EQ(ended_, kCalls - 1);
  EXPECT_EQ(session_.open_calls(), 1u);
  EXPECT_FALSE(session_.accepts_calls());
}

TEST_F(GoawayFlood, EndsTheCallsAboveEach) {
  for (const uint64_t named : {kCalls, kCalls - 1, kCalls - 1, kCalls - 3}) {
    Feed(hand::Goaway(named));
    EXPECT_EQ(ended_, kCalls - named);
  }
  Feed(hand::End(kCalls - 3, "y"));  // it has seen this one
  Feed(hand::Goaway(kCalls - 5));
  EXPECT_EQ(ended_, 5u);
  Feed(hand::Goaway(0));
  EXPECT_EQ(ended_, kCalls);
  EXPECT_EQ(session_.open_calls(), 0u);
}

}  // namespace
}  // namespace rpc::session
