// The interop cases of streams; services/interop/README.md tells each of them.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/end_to_end/interop_fixture.h"

namespace rpc {
namespace {

INSTANTIATE_TEST_SUITE_P(Ways, InteropTest, kInteropWays, InteropWayName);

TEST_P(InteropTest, client_streaming) {
  auto call = interop_.Collect();
  for (const size_t size : kRequestSizes) ASSERT_TRUE(call.Write(MakeItem(size)).Wait());
  const auto reply = std::move(call).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->items(), 4u);
  EXPECT_EQ(reply->payload_size(), 74'922u);
}

TEST_P(InteropTest, client_streaming_of_many) {
  const auto reply = rpc::Run([&]() -> Task<absl::StatusOr<interop::Collected>> {
    const interop::Item item = MakeItem(10);
    auto call = interop_.Collect();
    for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(co_await call.Write(item));
    co_return co_await std::move(call);
  });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->items(), 20'000u);
  EXPECT_EQ(reply->payload_size(), 200'000u);
}

TEST_P(InteropTest, client_streaming_of_nothing) {
  const auto reply = interop_.Collect().Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->items(), 0u);
}

TEST_P(InteropTest, server_streaming) {
  auto call = interop_.Produce(Producing(kReplySizes));
  const Chunks chunks = ReadAll(call);
  EXPECT_EQ(chunks.sizes, kReplySizes);
  EXPECT_TRUE(chunks.status.ok()) << chunks.status;
}

TEST_P(InteropTest, server_streaming_with_pauses) {
  const absl::Time begin = absl::Now();
  auto call = interop_.Produce(Producing(kReplySizes, 20));
  EXPECT_EQ(ReadAll(call).sizes, kReplySizes);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(80));
}

TEST_P(InteropTest, server_streaming_of_nothing) {
  auto call = interop_.Produce(Producing({}));
  const Chunks chunks = ReadAll(call);
  EXPECT_TRUE(chunks.sizes.empty());
  EXPECT_TRUE(chunks.status.ok()) << chunks.status;
}

TEST_P(InteropTest, ping_pong) {
  auto call = interop_.Converse();
  for (size_t i = 0; i < kRequestSizes.size(); ++i) {
    interop::Turn turn = MakeTurn({kReplySizes[i]});
    turn.set_payload(interop::MakePayload(kRequestSizes[i]));
    ASSERT_TRUE(call.Write(turn).Wait());
    const interop::Chunk* chunk = call.Read().Wait();
    ASSERT_NE(chunk, nullptr) << call.status();
    EXPECT_TRUE(IsPayload(chunk->payload(), kReplySizes[i]));
  }
  call.Close();
  const Chunks rest = ReadAll(call);
  EXPECT_TRUE(rest.sizes.empty() && rest.status.ok()) << rest.status;
}

TEST_P(InteropTest, empty_stream) {
  auto call = interop_.Converse();
  call.Close();
  const Chunks chunks = ReadAll(call);
  EXPECT_TRUE(chunks.sizes.empty());
  EXPECT_TRUE(chunks.status.ok()) << chunks.status;
}

// An empty message is a message: each of them counts, on both sides.
TEST_P(InteropTest, empty_messages) {
  auto collect = interop_.Collect();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(collect.Write(interop::Item()).Wait());
  const auto collected = std::move(collect).Wait();
  ASSERT_TRUE(collected.ok()) << collected.status();
  EXPECT_EQ(collected->items(), 300u);
  auto produce = interop_.Produce(ProducingMany(0, 300));
  EXPECT_EQ(ReadAll(produce).sizes, std::vector<size_t>(300, 0));
}

// More empty messages than a window has room for: their frames are not free, and not for ever.
TEST_P(InteropTest, empty_messages_beyond_the_window) {
  const int count = rpc::Run([&]() -> Task<int> {
    int chunks = 0;
    auto call = interop_.Produce(ProducingMany(0, 10'000));
    while (const interop::Chunk* chunk = co_await call.Read()) chunks += chunk->payload().empty();
    EXPECT_TRUE(call.status().ok()) << call.status();
    co_return chunks;
  });
  EXPECT_EQ(count, 10'000);
}

// The server ends before the client has said that it is done.

interop::Turn LastTurn(const std::vector<size_t>& sizes, const interop::Ending& ending) {
  interop::Turn turn = MakeTurn(sizes);
  *turn.mutable_ending() = ending;
  return turn;
}

TEST_P(InteropTest, early_end) {
  auto call = interop_.Converse();
  ASSERT_TRUE(call.Write(LastTurn({10, 20}, EndingWith(absl::StatusCode::kOk, ""))).Wait());
  const Chunks chunks = ReadAll(call);
  EXPECT_EQ(chunks.sizes, std::vector<size_t>({10, 20}));
  EXPECT_TRUE(chunks.status.ok()) << chunks.status;
  EXPECT_FALSE(call.Write(MakeTurn({30})).Wait());
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropTest, early_end_with_a_failure) {
  auto call = interop_.Converse();
  const auto ending = EndingWith(absl::StatusCode::kOutOfRange, "enough");
  ASSERT_TRUE(call.Write(LastTurn({10}, ending)).Wait());
  const Chunks chunks = ReadAll(call);
  EXPECT_EQ(chunks.sizes, std::vector<size_t>({10}));
  EXPECT_EQ(chunks.status, absl::OutOfRangeError("enough"));
  EXPECT_FALSE(call.Write(MakeTurn({30})).Wait());
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropTest, early_reply) {
  interop::Item last = MakeItem(7);
  last.set_enough(true);
  auto call = interop_.Collect();
  ASSERT_TRUE(call.Write(last).Wait());
  const interop::Item ignored = MakeItem(1'000);
  while (call.Write(ignored).Wait()) {
  }
  const auto reply = std::move(call).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->items(), 1u);
  ExpectOneConnectionThatWorks();
}

// What is answered after the client's end comes after what is answered before it, and all of it.

TEST_P(InteropTest, half_close) {
  interop::Turn deferred = MakeTurn({40, 50});
  deferred.set_after_close(true);
  auto call = interop_.Converse();
  ASSERT_TRUE(call.Write(deferred).Wait());
  ASSERT_TRUE(call.Write(MakeTurn({10})).Wait());
  const interop::Chunk* chunk = call.Read().Wait();
  ASSERT_NE(chunk, nullptr) << call.status();
  EXPECT_EQ(chunk->payload().size(), 10u);
  ASSERT_TRUE(call.Write(MakeTurn({20, 30})).Wait());
  call.Close();
  const Chunks rest = ReadAll(call);
  EXPECT_EQ(rest.sizes, std::vector<size_t>({20, 30, 40, 50}));
  EXPECT_TRUE(rest.status.ok()) << rest.status;
}

TEST_P(InteropTest, half_close_is_the_last_word) {
  auto call = interop_.Converse();
  ASSERT_TRUE(call.Write(MakeTurn({10})).Wait());
  call.Close();
  EXPECT_FALSE(call.Write(MakeTurn({20})).Wait());
  const Chunks chunks = ReadAll(call);
  EXPECT_EQ(chunks.sizes, std::vector<size_t>({10}));
  EXPECT_TRUE(chunks.status.ok()) << chunks.status;
}

// Both directions go on without waiting for each other.
TEST_P(InteropTest, both_directions_at_once) {
  constexpr int kTurns = 500;
  const size_t read = rpc::Run([&]() -> Task<size_t> {
    auto call = interop_.Converse();
    const auto write = [](auto* call) -> Task<> {
      interop::Turn turn = MakeTurn({3'000, 0});
      turn.set_payload(interop::MakePayload(2'000));
      for (int i = 0; i < kTurns; ++i) EXPECT_TRUE(co_await call->Write(turn));
      call->Close();
      co_return absl::OkStatus();
    };
    const auto read = [](auto* call) -> Task<size_t> {
      size_t size = 0;
      while (const interop::Chunk* chunk = co_await call->Read()) size += chunk->payload().size();
      EXPECT_TRUE(call->status().ok()) << call->status();
      co_return size;
    };
    const auto both = co_await WhenAll(write(&call), read(&call));
    co_return std::get<1>(both);
  });
  EXPECT_EQ(read, kTurns * 3'000u);
}

}  // namespace
}  // namespace rpc
