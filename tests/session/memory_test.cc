// What a connection really takes of the heap, whatever its client sends.
#include <gtest/gtest.h>

#include "rpc/wire/large_string.h"
#include "tests/session/hand_frames.h"
#include "tests/session/heap.h"
#include "tests/session/lone_server.h"

namespace rpc::session {
namespace {

using hand::kMore;

constexpr size_t kMegabyte = 1 << 20;
constexpr int kFlood = 100'000;

// Allocators and containers round up: what the session counts may take this much more.
constexpr size_t kSlack = 3;

class Memory : public testing::Test {
 protected:
  void SetUp() override {
    if (!HeapIsCounted()) GTEST_SKIP() << "this build counts no memory";
  }
};

size_t GrowthSince(size_t heap_size) { return HeapSize() - std::min(HeapSize(), heap_size); }

// What each of many connections holds after its client has sent `frames`, and every call has ended.
size_t HeapOfIdle(const std::string& frames) {
  constexpr int kConnections = 1000;
  Buffers buffers;
  std::vector<std::unique_ptr<ServerSession>> sessions;
  const auto connect = [&] {
    auto session =
        std::make_unique<ServerSession>(&buffers, Limits(), SessionPair::FindMethod, kSecondUs);
    std::copy(frames.begin(), frames.end(), session->Space().begin());
    session->Commit(frames.size());
    for (Event event; session->Next(&event);) {
      const bool whole = event.kind == EventKind::kHalfClosed || event.body.data() != nullptr;
      if (whole) session->End(event.call, absl::OkStatus());
    }
    while (!session->Pieces().empty()) session->Consume(session->Pieces()[0].bytes.size());
    for (Event event; session->Next(&event);) continue;
    EXPECT_EQ(session->open_calls(), 0u);
    sessions.push_back(std::move(session));
  };
  connect();  // pays for the buffers
  const size_t before = HeapSize();
  for (int i = 0; i < kConnections; ++i) connect();
  return GrowthSince(before) / kConnections;
}

TEST_F(Memory, AnIdleConnectionHoldsNextToNothing) {
  EXPECT_LE(HeapOfIdle(hand::Hello()), 400u);
  EXPECT_LE(HeapOfIdle(hand::Hello() + hand::Call(1, "Unary", std::string(50'000, 'x'))), 400u);
}

TEST_F(Memory, AConnectionThatHadManyCallsAtOnceHoldsNoMore) {
  std::string frames = hand::Hello();
  for (uint64_t call = 1; call <= 100; ++call) {
    frames += hand::BareCall(call, "Both") + hand::Message(call, std::string(1000, 'x'));
  }
  for (uint64_t call = 1; call <= 100; ++call) frames += hand::Last(call);
  EXPECT_LE(HeapOfIdle(frames), 400u);
}

TEST_F(Memory, OpeningAndCancellingLeavesNoRecords) {
  LoneServer server;
  server.on_event = [&](const Event& event) {
    if (event.kind == EventKind::kCancelled) server.session.End(event.call, event.status);
  };
  server.Feed(hand::Hello());
  uint64_t call = 0;
  const auto flood = [&](int calls) {
    for (int i = 0; i < calls; ++i) {
      ++call;
      server.Feed(hand::Call(call, "Unary", "x") + hand::Cancel(call));
      server.TakeOutput();
    }
  };
  flood(1000);
  const size_t before = HeapSize();
  flood(kFlood);
  EXPECT_LE(GrowthSince(before), 64u << 10);
  EXPECT_EQ(server.session.open_calls(), 0u);
  EXPECT_EQ(server.session.memory_size(), 0u);
}

TEST_F(Memory, HandlersThatDoNotEndKeepTheirSlots) {
  LoneServer server;
  server.Feed(hand::Hello());
  const size_t before = HeapSize();
  for (uint64_t call = 1; call <= kFlood; ++call) {
    server.Feed(hand::Call(call, "Unary", "x") + hand::Cancel(call));
    server.TakeOutput();
  }
  EXPECT_EQ(server.session.open_calls(), Limits().calls_max);
  EXPECT_EQ(server.session.counters().calls_refused, kFlood - Limits().calls_max);
  EXPECT_LE(GrowthSince(before), 2 * kMegabyte);
}

TEST_F(Memory, LargeMessagesGiveTheirMemoryBack) {
  LoneServer server;
  server.Feed(hand::Hello());
  const size_t before = HeapSize();
  const std::string part(kMegabyte / 16, 'x');
  for (uint64_t call = 1; call <= 32; ++call) {
    server.Feed(hand::Call(call, "Unary", part, kMore));
    for (int i = 0; i < 15; ++i) server.Feed(hand::Message(call, part, kMore));
    server.Feed(hand::Message(call, ""));
    server.TakeOutput();
  }
  EXPECT_GE(GrowthSince(before), 32 * kMegabyte);
  for (uint64_t call = 1; call <= 32; ++call) server.session.End(call, absl::OkStatus());
  server.TakeOutput();
  EXPECT_EQ(server.session.memory_size(), 0u);
  EXPECT_LE(GrowthSince(before), kMegabyte);
}

TEST_F(Memory, AnAnnouncedSizeTakesNothing) {
  LoneServer server;
  server.Feed(hand::Ping());  // no HELLO
  const size_t before = HeapSize();
  server.Feed(hand::FrameAsItIs({.call = 1, .name = "Unary", .size = 16 * kMegabyte}));
  EXPECT_LE(GrowthSince(before), 16u << 10);
  server.Feed(std::string(100'000, 'x'));
  EXPECT_LE(GrowthSince(before), 300'000u);
}

// Feeds frames of ever new calls until the server has refused some for want of memory.
template <typename FramesOf>
size_t HeapAfter(uint64_t budget, FramesOf frames_of) {
  LoneServer server({.calls_max = 1'000'000, .memory_size_max = budget});
  uint64_t refused = 0;
  server.on_event = [&](const Event& event) {
    if (event.kind != EventKind::kCancelled) return;
    server.session.End(event.call, event.status);
    ++refused;
  };
  server.Feed(hand::Hello());
  const size_t before = HeapSize();
  for (uint64_t call = 1; call < 40'000; ++call) {
    server.Feed(frames_of(call));
    server.TakeOutput();
    if (server.session.counters().calls_ended + refused > 100) break;
  }
  EXPECT_GT(server.session.counters().calls_ended + refused, 100u);
  return GrowthSince(before);
}

TEST_F(Memory, IsBoundedForCallsThatWaitForTheirRequest) {
  const std::vector<wire::Metadatum> metadata(128, {"key", "a value of thirty-two characters"});
  EXPECT_LE(
      HeapAfter(8 * kMegabyte,
                [&](uint64_t call) {
                  return hand::Frame(
                      {.call = call, .flags = hand::kBare, .name = "Unary", .metadata = metadata});
                }),
      kSlack * 8 * kMegabyte);
}

TEST_F(Memory, IsBoundedForHeadersOfManyEmptyEntries) {
  const std::vector<wire::Detail> details(20'000);
  EXPECT_LE(
      HeapAfter(8 * kMegabyte,
                [&](uint64_t call) {
                  return hand::Frame(
                      {.call = call, .flags = hand::kBare, .name = "Unary", .details = details});
                }),
      kSlack * 8 * kMegabyte);
}

TEST_F(Memory, IsBoundedForRequestsInParts) {
  EXPECT_LE(HeapAfter(8 * kMegabyte,
                      [&](uint64_t call) {
                        return hand::Call(call, "Unary", std::string(1'000, 'x'), kMore);
                      }),
            kSlack * 8 * kMegabyte);
}

TEST_F(Memory, IsBoundedForMessagesThatNobodyReads) {
  EXPECT_LE(HeapAfter(8 * kMegabyte,
                      [&](uint64_t call) {
                        std::string frames = hand::BareCall(call, "Both");
                        for (int i = 0; i < 100; ++i) frames += hand::Message(call, "");
                        return frames;
                      }),
            kSlack * 8 * kMegabyte);
}

// Two bytes in a zstd frame that does not say how many they are.
TEST_F(Memory, IsBoundedForCompressedMessagesThatNobodyReads) {
  const std::string frame("\x28\xB5\x2F\xFD\x00\x00\x11\x00\x00\x08\x01", 11);
  EXPECT_LE(HeapAfter(8 * kMegabyte,
                      [&](uint64_t call) {
                        const std::string message = hand::Frame({.kind = wire::Kind::kMessage,
                                                                 .call = call,
                                                                 .encoding = wire::Encoding::kZstd},
                                                                frame);
                        std::string frames = hand::BareCall(call, "Both");
                        for (int i = 0; i < 100; ++i) frames += message;
                        return frames;
                      }),
            kSlack * 8 * kMegabyte);
}

TEST_F(Memory, IsBoundedWhereThatOfLongMessagesIsUsedForShortOnes) {
  constexpr size_t kKept = 4 * kMegabyte;
  constexpr size_t kBudget = 8 * kMegabyte;
  wire::KeepLarge(kKept);
  LoneServer server({.memory_size_max = kBudget});
  server.on_event = [&](const Event& event) { server.session.End(event.call, absl::OkStatus()); };
  server.Feed(hand::Hello());
  const size_t before = HeapSize();
  const std::string part(60'000, 'x');
  for (uint64_t call = 1; call <= 200; call += 2) {
    server.Feed(hand::Call(call, "Unary", part, kMore));
    for (int i = 0; i < 14; ++i) server.Feed(hand::Message(call, part, kMore));
    server.Feed(hand::Message(call, part));
    server.Feed(hand::Call(call + 1, "Unary", part, kMore));
    server.TakeOutput();
  }
  EXPECT_GT(server.session.counters().calls_refused, 0u);
  EXPECT_LE(GrowthSince(before), kKept + 4 * kBudget);
  wire::KeepLarge(0);
}

// Another connection's long messages may have left that memory.
TEST_F(Memory, AShortMessageCountsByItsSizeWhateverMemoryItsPartsWerePutTogetherIn) {
  wire::KeepLarge(4 * kMegabyte);
  std::string large(200'000, 'x');
  wire::GiveLarge(&large);
  LoneServer server;
  server.Feed(hand::Hello());
  server.Feed(hand::Call(1, "Unary", std::string(10'000, 'x'), kMore));
  server.Feed(hand::Message(1, std::string(7'000, 'x'), kMore));
  EXPECT_GT(server.session.memory_size(), 17'000u);
  server.Feed(hand::Message(1, std::string(1'000, 'x')));
  EXPECT_LE(server.session.memory_size(), 18'100u);  // with the header
  EXPECT_GE(wire::LargeKept(), 200'000u);
  wire::KeepLarge(0);
}

TEST_F(Memory, IsBoundedForRepliesOfWhichOnlyTheEndWaits) {
  LoneServer server({.memory_size_max = 8 * kMegabyte});
  const std::string reply(kMegabyte, 'x');
  const Payload payload = {reply};
  server.Feed(hand::Hello());
  const size_t before = HeapSize();
  for (uint64_t call = 1; call <= 100; ++call) {
    server.Feed(hand::Call(call, "Unary", "x"));
    server.session.End(call, absl::OkStatus(), &payload);
    server.Feed(hand::Credit(call, kMegabyte - Limits().call_window - 1));
    server.TakeOutput();
  }
  EXPECT_GT(server.session.counters().calls_ended, 80u);  // refused
  EXPECT_LE(GrowthSince(before), kSlack * 8 * kMegabyte);
}

TEST_F(Memory, IsBoundedForCallsThatJustStandOpen) {
  LoneServer server;
  server.Feed(hand::Hello());
  const size_t before = HeapSize();
  for (uint64_t call = 1; call <= kFlood; ++call) {
    server.Feed(hand::BareCall(call, call % 2 == 0 ? "Unary" : "Both"));
    server.TakeOutput();
  }
  EXPECT_EQ(server.session.open_calls(), Limits().calls_max);
  EXPECT_LE(GrowthSince(before), 2 * kMegabyte);
}

TEST_F(Memory, OfAnswersThatNobodyReadsIsBounded) {
  LoneServer server;
  server.Feed(hand::Hello());
  const size_t before = HeapSize();
  uint64_t call = 0;
  while (server.session.WantsInput() && call < kFlood) {
    std::string frames;  // one read
    while (frames.size() < 200'000) frames += hand::Call(++call, std::string(200, '\x01'), "");
    server.Feed(frames);
  }
  EXPECT_FALSE(server.session.WantsInput());
  EXPECT_LE(GrowthSince(before), 2 * kMegabyte);
}

}  // namespace
}  // namespace rpc::session
