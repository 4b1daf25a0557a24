// The interop cases of sizes: messages at the limit and above it, and many calls on one connection.
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/end_to_end/interop_fixture.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

constexpr size_t kMessageSizeMax = 1 << 20;

class InteropLimitsTest : public InteropTest {
 protected:
  InteropLimitsTest() : InteropTest({.message_size_max = kMessageSizeMax}) {}

  // A client whose own limit is that of the server.
  interop::Interop::Client LimitedClient() {
    return interop::Interop::Client(MakeChannel({.limits = {.message_size_max = kMessageSizeMax}}));
  }

  // The one call there was.
  void ExpectCountedAsFailed() {
    EXPECT_TRUE(Eventually([this] { return server_.counters().calls_failed == 1; }));
    EXPECT_EQ(server_.counters().calls_ok, 0u);
    EXPECT_EQ(server_.counters().calls_cancelled, 0u);
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, InteropLimitsTest, kInteropWays, InteropWayName);

// A message with a payload such that it has exactly this size in all. Both kinds have a payload as
// field 1: a byte for that, and three for a length from 16 KiB to 2 MiB.
constexpr size_t PayloadSizeFor(size_t message_size) { return message_size - 4; }

interop::UnaryRequest RequestOfSize(size_t size) { return Asking(PayloadSizeFor(size), 0); }

void ExpectTooLarge(const absl::Status& status) {
  const std::string_view message(status.message().data(), status.message().size());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_NE(message.find("1048577"), std::string_view::npos) << status;
  EXPECT_NE(message.find("1048576"), std::string_view::npos) << status;
}

TEST_P(InteropLimitsTest, request_at_the_limit) {
  const interop::UnaryRequest request = RequestOfSize(kMessageSizeMax);
  ASSERT_EQ(request.ByteSizeLong(), kMessageSizeMax);
  const auto reply = interop_.Unary(request).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->payload_size(), PayloadSizeFor(kMessageSizeMax));
}

TEST_P(InteropLimitsTest, request_above_the_limit) {
  ASSERT_TRUE(interop_.Empty(interop::Nothing()).Wait().ok());
  ExpectTooLarge(interop_.Unary(RequestOfSize(kMessageSizeMax + 1)).Wait().status());
  ExpectOneConnectionThatWorks();
}

// The client does not know the server's limit yet.
TEST_P(InteropLimitsTest, first_request_above_the_limit) {
  ExpectTooLarge(interop_.Unary(RequestOfSize(kMessageSizeMax + 1)).Wait().status());
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropLimitsTest, item_of_a_stream_above_the_limit) {
  auto call = interop_.Collect();
  ASSERT_TRUE(call.Write(MakeItem(PayloadSizeFor(kMessageSizeMax))).Wait());
  (void)call.Write(MakeItem(PayloadSizeFor(kMessageSizeMax + 1))).Wait();
  ExpectTooLarge(std::move(call).Wait().status());
  ExpectOneConnectionThatWorks();
}

// Whoever writes hears of it, with the reason.
TEST_P(InteropLimitsTest, turn_above_the_limit) {
  auto call = interop_.Converse();
  ASSERT_TRUE(call.Write(MakeTurn({5})).Wait());
  ASSERT_NE(call.Read().Wait(), nullptr);
  interop::Turn turn;
  turn.set_payload(std::string(PayloadSizeFor(kMessageSizeMax + 1), 'x'));
  EXPECT_FALSE(call.Write(turn).Wait());
  ExpectTooLarge(call.status());
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropLimitsTest, reply_at_the_limit) {
  auto call = LimitedClient().Produce(Producing({PayloadSizeFor(kMessageSizeMax)}));
  const Chunks chunks = ReadAll(call);
  EXPECT_EQ(chunks.sizes, std::vector<size_t>({PayloadSizeFor(kMessageSizeMax)}));
  EXPECT_TRUE(chunks.status.ok()) << chunks.status;
}

TEST_P(InteropLimitsTest, chunk_of_a_stream_above_the_limit) {
  const auto client = LimitedClient();
  auto call = client.Produce(Producing({5, PayloadSizeFor(kMessageSizeMax + 1)}));
  const Chunks chunks = ReadAll(call);
  EXPECT_EQ(chunks.sizes, std::vector<size_t>({5}));
  ExpectTooLarge(chunks.status);
  ExpectCountedAsFailed();
  EXPECT_TRUE(client.Empty(interop::Nothing()).Wait().ok());
  EXPECT_EQ(connections(), 1u);
}

TEST_P(InteropLimitsTest, reply_above_the_limit) {
  const auto client = LimitedClient();
  const auto reply = client.Unary(Asking(0, 2 * kMessageSizeMax)).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kResourceExhausted) << reply.status();
  ExpectCountedAsFailed();
  EXPECT_TRUE(client.Empty(interop::Nothing()).Wait().ok());
  EXPECT_EQ(connections(), 1u);
}

// Many at once.

// tsan is ten times slower: each pair of sizes once there, and twice elsewhere.
#if defined(__SANITIZE_THREAD__)
constexpr size_t kCalls = 100;
constexpr size_t kStreams = 20;
#else
constexpr size_t kCalls = 200;
constexpr size_t kStreams = 50;
#endif

constexpr size_t kSizes[] = {0, 1, 100, 65'536, 7, 300'000, 1'500, 65'537, 20'000, 3};

TEST_P(InteropLimitsTest, many_interleaved_calls) {
  rpc::Run([&]() -> Task<void> {
    std::vector<Call<interop::UnaryReply>> calls;
    for (size_t i = 0; i < kCalls; ++i) {
      calls.push_back(interop_.Unary(Asking(kSizes[i / 10 % 10], kSizes[i % 10])));
    }
    const auto replies = co_await WhenAll(std::move(calls));
    for (size_t i = 0; i < replies.size(); ++i) {
      EXPECT_TRUE(replies[i].ok()) << replies[i].status();
      if (!replies[i].ok()) continue;
      EXPECT_EQ(replies[i]->payload_size(), kSizes[i / 10 % 10]);
      EXPECT_TRUE(IsPayload(replies[i]->payload(), kSizes[i % 10]));
    }
  });
  ExpectOneConnectionThatWorks();
}

Task<> ReadStream(ReadCall<interop::Chunk>* call, std::vector<size_t>* sizes) {
  while (const interop::Chunk* chunk = co_await call->Read()) {
    EXPECT_TRUE(IsPayload(chunk->payload(), chunk->payload().size()));
    sizes->push_back(chunk->payload().size());
  }
  co_return call->status();
}

TEST_P(InteropLimitsTest, many_interleaved_streams) {
  const std::vector<size_t> wanted(std::begin(kSizes), std::end(kSizes));
  rpc::Run([&]() -> Task<void> {
    std::vector<ReadCall<interop::Chunk>> calls;
    std::vector<std::vector<size_t>> sizes(kStreams);
    for (size_t i = 0; i < kStreams; ++i) calls.push_back(interop_.Produce(Producing(wanted)));
    std::vector<Task<>> readers;
    for (size_t i = 0; i < kStreams; ++i) readers.push_back(ReadStream(&calls[i], &sizes[i]));
    for (const absl::Status& status : co_await WhenAll(std::move(readers))) {
      EXPECT_TRUE(status.ok()) << status;
    }
    for (const auto& each : sizes) EXPECT_EQ(each, wanted);
  });
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropLimitsTest, many_threads) {
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (size_t i = 0; i < 25; ++i) {
        const auto reply = interop_.Unary(Asking(kSizes[t], kSizes[i % 5])).Wait();
        EXPECT_TRUE(reply.ok()) << reply.status();
        EXPECT_TRUE(reply.ok() && IsPayload(reply->payload(), kSizes[i % 5]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ExpectOneConnectionThatWorks();
}

// With several connections the threads of the server share the calls.
TEST_P(InteropLimitsTest, many_calls_on_several_connections) {
  const interop::Interop::Client client(MakeChannel({.connections = 4}));
  rpc::Run([&]() -> Task<void> {
    std::vector<Call<interop::UnaryReply>> calls;
    for (size_t i = 0; i < kCalls; ++i) calls.push_back(client.Unary(Asking(100, kSizes[i % 10])));
    const auto replies = co_await WhenAll(std::move(calls));
    for (size_t i = 0; i < replies.size(); ++i) {
      EXPECT_TRUE(replies[i].ok()) << replies[i].status();
      EXPECT_TRUE(replies[i].ok() && IsPayload(replies[i]->payload(), kSizes[i % 10]));
    }
  });
  // The handshake of one may still be under way when the others have done all.
  EXPECT_TRUE(Eventually([this] { return connections() == 4; }));
}

}  // namespace
}  // namespace rpc
