// The interop cases over datagrams: those with one request and one reply that fit.
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/end_to_end/interop_fixture.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

using absl::StatusCode;

class InteropDatagramsTest : public InteropTest {};

INSTANTIATE_TEST_SUITE_P(Ways, InteropDatagramsTest,
                         testing::Combine(testing::Values(Way::kUdp), testing::Values(1, 2)),
                         InteropWayName);

TEST_P(InteropDatagramsTest, empty_unary) {
  const auto reply = interop_.Empty(interop::Nothing()).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ByteSizeLong(), 0u);
}

// What a datagram can carry; what it cannot is told with the way out.
TEST_P(InteropDatagramsTest, large_unary) {
  const auto reply = interop_.Unary(Asking(60'000, 65'000)).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->payload_size(), 60'000u);
  EXPECT_TRUE(IsPayload(reply->payload(), 65'000));
  const auto large_request = interop_.Unary(Asking(kLargeRequestSize, 1)).Wait();
  const auto large_reply = interop_.Unary(Asking(1, kLargeReplySize)).Wait();
  for (const absl::Status& status : {large_request.status(), large_reply.status()}) {
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
    EXPECT_TRUE(Says(status, "65507") && Says(status, "tcp://")) << status;
  }
  EXPECT_TRUE(Eventually([this] { return server_.counters().calls_failed == 1; }));
  EXPECT_EQ(server_.counters().calls_ok, 1u);
}

TEST_P(InteropDatagramsTest, too_large_to_ask_for) {
  const auto reply = interop_.Unary(Asking(0, interop::kPayloadSizeMax + 1)).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalidArgument);
}

// There is no frame before the reply that leading metadata could go with.
TEST_P(InteropDatagramsTest, custom_metadata_of_unary) {
  Metadata metadata;
  metadata.Add("x-interop-trailing-bin", std::string("\0\xAB\n\xFF", 4));
  interop::UnaryRequest request = Asking(1, 1);
  request.mutable_echo()->add_trailing("x-interop-trailing-bin");
  auto call = interop_.Unary(request, {.metadata = &metadata});
  EXPECT_TRUE(std::move(call).Wait().ok());
  EXPECT_EQ(ValuesOf(call.trailing(), "x-interop-trailing-bin"),
            std::vector<std::string>({std::string("\0\xAB\n\xFF", 4)}));
}

TEST_P(InteropDatagramsTest, custom_metadata_comes_with_a_failure) {
  Metadata metadata;
  metadata.Add("x-interop-trailing-bin", "1");
  interop::UnaryRequest request = AskingFor(EndingWith(StatusCode::kAborted, "no"));
  request.mutable_echo()->add_trailing("x-interop-trailing-bin");
  auto call = interop_.Unary(request, {.metadata = &metadata});
  EXPECT_EQ(std::move(call).Wait().status(), absl::AbortedError("no"));
  EXPECT_EQ(ValuesOf(call.trailing(), "x-interop-trailing-bin"), std::vector<std::string>({"1"}));
}

TEST_P(InteropDatagramsTest, metadata_at_the_limit) {
  Metadata metadata;
  for (int i = 0; i < 128; ++i) metadata.Add("x-interop-many", "v");
  interop::UnaryRequest request = Asking(1, 1);
  request.mutable_echo()->add_trailing("x-interop-many");
  auto call = interop_.Unary(request, {.metadata = &metadata});
  EXPECT_TRUE(std::move(call).Wait().ok());
  EXPECT_EQ(call.trailing().size(), 128u);
}

TEST_P(InteropDatagramsTest, metadata_above_the_limit) {
  Metadata metadata;
  for (int i = 0; i < 129; ++i) metadata.Add("x-interop-many", "v");
  const auto refused = interop_.Unary(Asking(1, 1), {.metadata = &metadata}).Wait().status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused;
  EXPECT_TRUE(Says(refused, "129") && Says(refused, "128")) << refused;
}

TEST_P(InteropDatagramsTest, bad_metadata) {
  Metadata metadata;
  metadata.Add("Upper Case", "x");
  const auto reply = interop_.Unary(Asking(1, 1), {.metadata = &metadata}).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(reply.status(), "Upper Case")) << reply.status();
}

TEST_P(InteropDatagramsTest, status_code_and_message) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status wanted(static_cast<StatusCode>(code), "test status message");
    const interop::Ending ending = EndingWith(wanted.code(), "test status message");
    EXPECT_EQ(interop_.Unary(AskingFor(ending)).Wait().status(), wanted);
  }
}

TEST_P(InteropDatagramsTest, special_status_message) {
  const std::string message =
      "\t\nwith whitespace\r\n, Unicode \xE2\x98\xBA and \xF0\x9F\x98\x88\t\n";
  const auto ending = EndingWith(StatusCode::kUnknown, message);
  EXPECT_EQ(interop_.Unary(AskingFor(ending)).Wait().status(),
            absl::Status(StatusCode::kUnknown, message));
}

TEST_P(InteropDatagramsTest, status_details) {
  absl::Status wanted = absl::FailedPreconditionError("with details");
  interop::Ending ending = EndingWith(wanted.code(), "with details");
  ending.add_details()->set_type_url("type.example/interop.Nothing");
  ending.mutable_details(0)->set_value("value");
  wanted.SetPayload("type.example/interop.Nothing", absl::Cord("value"));
  EXPECT_EQ(interop_.Unary(AskingFor(ending)).Wait().status(), wanted);
}

TEST_P(InteropDatagramsTest, unimplemented_method) {
  const auto missing = interop_.Missing(interop::Nothing()).Wait();
  EXPECT_EQ(missing.status().code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(Says(missing.status(), "interop.Interop/Missing")) << missing.status();
}

TEST_P(InteropDatagramsTest, unimplemented_service) {
  const auto reply = interop::Absent::Client(channel_).Call(interop::Nothing()).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(Says(reply.status(), "interop.Absent/Call")) << reply.status();
}

TEST_P(InteropDatagramsTest, handler_throws) {
  interop::ThrowRequest request;
  request.set_what("the secret");
  const auto reply = interop_.Throw(request).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kInternal) << reply.status();
  EXPECT_FALSE(Says(reply.status(), "secret")) << reply.status();
}

TEST_P(InteropDatagramsTest, timeout_on_sleeping_server) {
  const auto reply = interop_.Unary(AskingLate(60'000), {.timeout = absl::Milliseconds(50)}).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kDeadlineExceeded) << reply.status();
}

TEST_P(InteropDatagramsTest, the_server_knows_the_deadline) {
  const auto reply = interop_.Unary(Asking(0, 0), {.timeout = absl::Seconds(30)}).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_LE(reply->time_left_us(), 30'000'000u);
  EXPECT_GT(reply->time_left_us(), 20'000'000u);
}

TEST_P(InteropDatagramsTest, a_deadline_that_has_passed_sends_nothing) {
  const auto reply = interop_.Unary(Asking(0, 0), {.timeout = absl::Seconds(-1)}).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kDeadlineExceeded) << reply.status();
  EXPECT_EQ(server_.counters().datagrams_received, 0u);
}

// The caller is done with it; the server hears nothing of that, and goes on until the deadline.
TEST_P(InteropDatagramsTest, cancel_while_the_server_pauses) {
  auto call = interop_.Unary(AskingLate(60'000), {.timeout = absl::Milliseconds(200)});
  call.Cancel();
  EXPECT_EQ(std::move(call).Wait().status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(interop_.Empty(interop::Nothing()).Wait().ok());
}

TEST_P(InteropDatagramsTest, many_threads) {
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (size_t i = 0; i < 25; ++i) {
        const auto reply = interop_.Unary(Asking(100 * t, 10 * i)).Wait();
        EXPECT_TRUE(reply.ok()) << reply.status();
        EXPECT_TRUE(reply.ok() && IsPayload(reply->payload(), 10 * i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Whatever a stub offers that a datagram cannot carry.
TEST_P(InteropDatagramsTest, streams_are_refused_with_the_way_out) {
  auto produce = interop_.Produce(Producing({1}));
  EXPECT_TRUE(ReadAll(produce).sizes.empty());
  auto collect = interop_.Collect();
  auto converse = interop_.Converse();
  EXPECT_TRUE(ReadAll(converse).sizes.empty());
  const absl::Status collected = std::move(collect).Wait().status();
  for (const absl::Status& status : {produce.status(), collected, converse.status()}) {
    EXPECT_EQ(status.code(), StatusCode::kUnimplemented) << status;
    EXPECT_TRUE(Says(status, "tcp://")) << status;
  }
}

}  // namespace
}  // namespace rpc
