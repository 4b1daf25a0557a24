// The interop cases of a peer that does not read: its writer stands still, and memory stays
// bounded.
#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/end_to_end/interop_fixture.h"

namespace rpc {
namespace {

// 100 MiB; with tsan, which is ten times slower, a quarter of it.
#ifdef __SANITIZE_THREAD__
constexpr uint32_t kChunks = 400;
#else
constexpr uint32_t kChunks = 1'600;
#endif
constexpr size_t kChunkSize = 64 << 10;
constexpr uint64_t kTotal = uint64_t{kChunkSize} * kChunks;

// What a writer may be ahead of a peer that stands still: its window (256 KiB), what could be
// written at once (as much again), and a message or two.
constexpr uint64_t kStandingMax = 1 << 20;

// And of one that reads: its window grows to 4 MiB.
constexpr uint64_t kAheadMax = 6 << 20;

class InteropPressureTest : public InteropTest {
 protected:
  // The value when it does not grow any more.
  static uint64_t Settled(const std::function<uint64_t()>& value) {
    const absl::Time latest = absl::Now() + absl::Seconds(5);
    uint64_t last = value();
    for (int same = 0; same < 10 && absl::Now() < latest; ++same) {
      absl::SleepFor(absl::Milliseconds(20));
      const uint64_t now = value();
      if (std::exchange(last, now) != now) same = 0;
    }
    return last;
  }

  uint64_t BytesWritten() { return service_->observed().bytes_written(); }

  struct Rest {
    uint64_t size = 0;       // of all that was read
    uint64_t ahead_max = 0;  // the most that the server was ahead of it
  };

  // Reads to the end, when so much has been read already.
  Rest ReadTheRest(ReadCall<interop::Chunk>* call, uint64_t size) {
    return rpc::Run([this, call, size]() -> Task<Rest> {
      Rest rest = {.size = size, .ahead_max = 0};
      while (const interop::Chunk* chunk = co_await call->Read()) {
        const uint64_t written = BytesWritten();
        if (written > rest.size) rest.ahead_max = std::max(rest.ahead_max, written - rest.size);
        rest.size += chunk->payload().size();
      }
      co_return rest;
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, InteropPressureTest,
                         testing::Combine(testing::ValuesIn(StreamWays()), testing::Values(1)),
                         InteropWayName);

TEST_P(InteropPressureTest, slow_reader) {
  auto call = interop_.Produce(ProducingMany(kChunkSize, kChunks));
  ASSERT_NE(call.Read().Wait(), nullptr) << call.status();
  const uint64_t written = Settled([this] { return BytesWritten(); });
  EXPECT_GT(written, kChunkSize);
  EXPECT_LT(written, kStandingMax);
  const auto other = interop_.Unary(Asking(100'000, 100'000)).Wait();
  EXPECT_TRUE(other.ok()) << other.status();
  const Rest rest = ReadTheRest(&call, kChunkSize);
  EXPECT_EQ(rest.size, kTotal);
  EXPECT_LT(rest.ahead_max, kAheadMax);
  EXPECT_TRUE(call.status().ok()) << call.status();
}

TEST_P(InteropPressureTest, slow_reader_that_gives_up) {
  auto call = interop_.Produce(ProducingMany(kChunkSize, kChunks));
  ASSERT_NE(call.Read().Wait(), nullptr) << call.status();
  Settled([this] { return BytesWritten(); });
  call.Cancel();
  const auto observed = interop_.Observe(GivenUp(1), {.timeout = absl::Seconds(5)}).Wait();
  ASSERT_TRUE(observed.ok()) << observed.status();
  EXPECT_EQ(observed->cancelled(), 1u);
  EXPECT_LT(observed->bytes_written(), kStandingMax);
}

// The other way round: the server takes one item and then pauses.
TEST_P(InteropPressureTest, slow_server) {
  std::atomic<uint64_t> written{0};
  auto call = interop_.Collect();
  interop::Item pausing;
  pausing.set_pause_ms(60'000);
  ASSERT_TRUE(call.Write(pausing).Wait());
  std::thread writer([&] {
    const interop::Item item = MakeItem(kChunkSize);
    for (uint32_t i = 0; i < kChunks && call.Write(item).Wait(); ++i) written += kChunkSize;
  });
  EXPECT_LT(Settled([&] { return written.load(); }), kStandingMax);
  EXPECT_TRUE(interop_.Unary(Asking(100'000, 100'000)).Wait().ok());
  call.Cancel();
  writer.join();
  EXPECT_LT(written, kStandingMax);
  EXPECT_EQ(service_->observed().items_read(), 1u);
}

// Two that stand still do not keep a third from its end.
TEST_P(InteropPressureTest, slow_readers_beside_a_quick_one) {
  constexpr uint32_t kQuickChunks = 160;
  auto first = interop_.Produce(ProducingMany(kChunkSize, kChunks));
  auto second = interop_.Produce(ProducingMany(kChunkSize, kChunks));
  ASSERT_NE(first.Read().Wait(), nullptr) << first.status();
  ASSERT_NE(second.Read().Wait(), nullptr) << second.status();
  auto third = interop_.Produce(ProducingMany(kChunkSize, kQuickChunks));
  const Rest rest = ReadTheRest(&third, 0);
  EXPECT_EQ(rest.size, uint64_t{kQuickChunks} * kChunkSize);
  EXPECT_TRUE(third.status().ok()) << third.status();
  EXPECT_LT(BytesWritten(), uint64_t{kQuickChunks} * kChunkSize + 2 * kStandingMax);
}

}  // namespace
}  // namespace rpc
