// The interop cases of calls that are given up: cancelled, dropped, or too late.
#include <optional>
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

using absl::StatusCode;

constexpr uint32_t kForEverMs = 60'000;

class InteropEndsTest : public InteropTest {
 protected:
  // So that a call with little time comes to the server within it.
  void Connect() { ASSERT_TRUE(interop_.Empty(interop::Nothing()).Wait().ok()); }

  // What the server has seen when so many calls were given up there.
  interop::Observed AfterGivenUp(uint64_t calls) {
    auto observed = interop_.Observe(GivenUp(calls), {.timeout = absl::Seconds(5)}).Wait();
    EXPECT_TRUE(observed.ok()) << observed.status();
    return observed.ok() ? *observed : interop::Observed();
  }

  // The handlers have ended too, and not only the calls.
  void ExpectNoCallIsLeft() {
    const absl::Time latest = absl::Now() + absl::Seconds(5);
    while (server_.counters().calls_open > 0 && absl::Now() < latest) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    EXPECT_EQ(server_.counters().calls_open, 0u);
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, InteropEndsTest, kInteropWays, InteropWayName);

TEST_P(InteropEndsTest, cancel_after_begin) {
  ASSERT_TRUE(interop_.Empty(interop::Nothing()).Wait().ok());
  auto call = interop_.Collect();
  ASSERT_TRUE(call.Write(MakeItem(100)).Wait());
  call.Cancel();
  EXPECT_EQ(std::move(call).Wait().status().code(), StatusCode::kCancelled);
  EXPECT_EQ(AfterGivenUp(1).cancelled(), 1u);
  ExpectNoCallIsLeft();
}

// Nothing but the opening of the call, and at once its end: the server may or may not see it.
TEST_P(InteropEndsTest, cancel_at_once) {
  for (int i = 0; i < 100; ++i) {
    auto call = interop_.Collect();
    call.Cancel();
    EXPECT_EQ(std::move(call).Wait().status().code(), StatusCode::kCancelled);
  }
  ExpectOneConnectionThatWorks();
  ExpectNoCallIsLeft();
}

TEST_P(InteropEndsTest, cancel_after_first_reply) {
  auto call = interop_.Converse();
  ASSERT_TRUE(call.Write(MakeTurn({kReplySizes[0]})).Wait());
  const interop::Chunk* chunk = call.Read().Wait();
  ASSERT_NE(chunk, nullptr) << call.status();
  call.Cancel();
  EXPECT_EQ(call.Read().Wait(), nullptr);
  EXPECT_EQ(call.status().code(), StatusCode::kCancelled);
  EXPECT_FALSE(call.Write(MakeTurn({1})).Wait());
  EXPECT_EQ(AfterGivenUp(1).cancelled(), 1u);
  ExpectNoCallIsLeft();
}

// A server that would write for ever stops.
TEST_P(InteropEndsTest, cancel_while_the_server_writes) {
  auto call = interop_.Produce(ProducingMany(1'000, 1'000'000));
  ASSERT_NE(call.Read().Wait(), nullptr);
  call.Cancel();
  EXPECT_EQ(AfterGivenUp(1).cancelled(), 1u);
  ExpectNoCallIsLeft();
  EXPECT_LT(service_->observed().chunks_written(), 100'000u);
}

TEST_P(InteropEndsTest, cancel_while_the_server_pauses) {
  ASSERT_TRUE(interop_.Empty(interop::Nothing()).Wait().ok());
  auto call = interop_.Unary(AskingLate(kForEverMs));
  while (server_.counters().calls_open == 0) absl::SleepFor(absl::Milliseconds(1));
  call.Cancel();
  EXPECT_EQ(std::move(call).Wait().status().code(), StatusCode::kCancelled);
  EXPECT_EQ(AfterGivenUp(1).cancelled(), 1u);
  ExpectNoCallIsLeft();
}

TEST_P(InteropEndsTest, a_call_that_is_dropped_is_cancelled) {
  {
    auto call = interop_.Converse();
    ASSERT_TRUE(call.Write(MakeTurn({1})).Wait());
    ASSERT_NE(call.Read().Wait(), nullptr);
  }
  EXPECT_EQ(AfterGivenUp(1).cancelled(), 1u);
  ExpectNoCallIsLeft();
}

TEST_P(InteropEndsTest, cancelling_one_leaves_the_others) {
  std::vector<StreamCall<interop::Chunk, interop::Turn>> calls;
  for (size_t i = 0; i < 20; ++i) {
    calls.push_back(interop_.Converse());
    ASSERT_TRUE(calls[i].Write(MakeTurn({i})).Wait());
  }
  for (size_t i = 0; i < 20; i += 2) calls[i].Cancel();
  EXPECT_EQ(AfterGivenUp(10).cancelled(), 10u);
  for (size_t i = 1; i < 20; i += 2) {
    calls[i].Close();
    const Chunks chunks = ReadAll(calls[i]);
    EXPECT_EQ(chunks.sizes, std::vector<size_t>({i}));
    EXPECT_TRUE(chunks.status.ok()) << chunks.status;
  }
  ExpectNoCallIsLeft();
}

// Whatever a call is about when it is cancelled, its connection goes on.
TEST_P(InteropEndsTest, cancel_at_any_time) {
  for (int i = 0; i < 200; ++i) {
    auto produce = interop_.Produce(ProducingMany(20'000, 50));
    auto converse = interop_.Converse();
    (void)converse.Write(MakeTurn({70'000, 10})).Wait();
    for (int j = 0; j < i % 8; ++j) (void)produce.Read().Wait();
    if (i % 2 == 0) converse.Close();
    if (i % 3 == 0) (void)converse.Read().Wait();
  }
  ExpectOneConnectionThatWorks();
  ExpectNoCallIsLeft();
}

// Deadlines.

TEST_P(InteropEndsTest, timeout_on_sleeping_server) {
  Connect();
  const absl::Time begin = absl::Now();
  const auto reply =
      interop_.Unary(AskingLate(kForEverMs), {.timeout = absl::Milliseconds(50)}).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kDeadlineExceeded) << reply.status();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  AfterGivenUp(1);
  ExpectNoCallIsLeft();
}

TEST_P(InteropEndsTest, timeout_of_a_stream_that_pauses) {
  Connect();
  interop::ProduceRequest request = Producing({10, 20});
  request.mutable_parts(1)->set_pause_ms(kForEverMs);
  auto call = interop_.Produce(request, {.timeout = absl::Milliseconds(300)});
  const Chunks chunks = ReadAll(call);
  EXPECT_EQ(chunks.sizes, std::vector<size_t>({10}));
  EXPECT_EQ(chunks.status.code(), StatusCode::kDeadlineExceeded) << chunks.status;
  AfterGivenUp(1);
  ExpectNoCallIsLeft();
}

TEST_P(InteropEndsTest, timeout_of_a_stream_that_nobody_closes) {
  Connect();
  auto call = interop_.Collect({.timeout = absl::Milliseconds(300)});
  ASSERT_TRUE(call.Write(MakeItem(1)).Wait());
  const interop::Observed observed = AfterGivenUp(1);
  EXPECT_EQ(observed.cancelled() + observed.timed_out(), 1u);
  EXPECT_EQ(std::move(call).Wait().status().code(), StatusCode::kDeadlineExceeded);
  ExpectNoCallIsLeft();
}

// Just before the reply, just after it, and together with it.
TEST_P(InteropEndsTest, timeouts_around_the_reply) {
  rpc::Run([&]() -> Task<void> {
    std::vector<Call<interop::UnaryReply>> calls;
    for (int i = 0; i < 300; ++i) {
      calls.push_back(interop_.Unary(AskingLate(20), {.timeout = absl::Microseconds(i * 200)}));
    }
    for (const auto& reply : co_await WhenAll(std::move(calls))) {
      EXPECT_TRUE(reply.ok() || absl::IsDeadlineExceeded(reply.status())) << reply.status();
    }
  });
  ExpectOneConnectionThatWorks();
  ExpectNoCallIsLeft();
}

// The time that the server says is left of a call with this timeout; nothing for no deadline.
std::optional<absl::Duration> TimeLeft(const interop::Interop::Client& interop,
                                       absl::Duration timeout) {
  const auto reply = interop.Unary(Asking(0, 0), {.timeout = timeout}).Wait();
  EXPECT_TRUE(reply.ok()) << reply.status();
  if (!reply.ok() || !reply->has_time_left_us()) return std::nullopt;
  return absl::Microseconds(reply->time_left_us());
}

TEST_P(InteropEndsTest, the_server_knows_the_deadline) {
  const auto left = TimeLeft(interop_, absl::Seconds(30));
  ASSERT_TRUE(left.has_value());
  EXPECT_LE(*left, absl::Seconds(30));
  EXPECT_GT(*left, absl::Seconds(20));
  EXPECT_FALSE(TimeLeft(interop_, absl::InfiniteDuration()).has_value());
}

TEST_P(InteropEndsTest, a_unary_call_has_a_deadline_unless_it_says_otherwise) {
  const auto left = TimeLeft(interop_, absl::ZeroDuration());
  ASSERT_TRUE(left.has_value());
  EXPECT_LE(*left, absl::Seconds(10));
  EXPECT_GT(*left, absl::Seconds(2));
}

TEST_P(InteropEndsTest, a_deadline_that_has_passed_sends_nothing) {
  ASSERT_TRUE(interop_.Empty(interop::Nothing()).Wait().ok());
  const auto reply = interop_.Unary(Asking(0, 0), {.timeout = absl::Seconds(-1)}).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kDeadlineExceeded) << reply.status();
  EXPECT_EQ(server_.counters().calls_begun, 1u);
}

}  // namespace
}  // namespace rpc
