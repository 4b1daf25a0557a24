// The interop cases with one request and one reply; services/interop/README.md tells each of them.
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/end_to_end/interop_fixture.h"

namespace rpc {
namespace {

using absl::StatusCode;

INSTANTIATE_TEST_SUITE_P(Ways, InteropTest, kInteropWays, InteropWayName);

TEST_P(InteropTest, empty_unary) {
  const auto reply = interop_.Empty(interop::Nothing()).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ByteSizeLong(), 0u);
}

TEST_P(InteropTest, large_unary) {
  const auto reply = interop_.Unary(Asking(kLargeRequestSize, kLargeReplySize)).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->payload_size(), kLargeRequestSize);
  EXPECT_TRUE(IsPayload(reply->payload(), kLargeReplySize));
}

TEST_P(InteropTest, too_large_to_ask_for) {
  const auto reply = interop_.Unary(Asking(0, interop::kPayloadSizeMax + 1)).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(reply.status(), "67108865") && Says(reply.status(), "67108864"))
      << reply.status();
}

// Metadata.

constexpr std::string_view kLeading = "x-interop-leading";
constexpr std::string_view kTrailing = "x-interop-trailing-bin";
const std::string kAnyBytes("\0\xAB\n\xFF", 4);

Metadata MetadataToEcho() {
  Metadata metadata;
  metadata.Add(kLeading, "one value");
  metadata.Add(kTrailing, kAnyBytes);
  metadata.Add(kLeading, "and another");
  metadata.Add("x-interop-other", "not asked for");
  return metadata;
}

interop::Echo EchoBoth() {
  interop::Echo echo;
  echo.add_leading(std::string(kLeading));
  echo.add_trailing(std::string(kTrailing));
  return echo;
}

template <typename Call>
void ExpectEchoed(const Call& call) {
  EXPECT_EQ(ValuesOf(call.leading(), kLeading),
            std::vector<std::string>({"one value", "and another"}));
  EXPECT_EQ(ValuesOf(call.trailing(), kTrailing), std::vector<std::string>({kAnyBytes}));
  EXPECT_EQ(call.leading().size(), 2u);
  EXPECT_EQ(call.trailing().size(), 1u);
}

TEST_P(InteropTest, custom_metadata_of_unary) {
  const Metadata metadata = MetadataToEcho();
  interop::UnaryRequest request = Asking(1, 1);
  *request.mutable_echo() = EchoBoth();
  auto call = interop_.Unary(request, {.metadata = &metadata});
  const auto reply = std::move(call).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  ExpectEchoed(call);
}

TEST_P(InteropTest, custom_metadata_of_server_streaming) {
  const Metadata metadata = MetadataToEcho();
  interop::ProduceRequest request = Producing({1, 2});
  *request.mutable_echo() = EchoBoth();
  auto call = interop_.Produce(request, {.metadata = &metadata});
  EXPECT_EQ(ReadAll(call).sizes, std::vector<size_t>({1, 2}));
  ExpectEchoed(call);
}

TEST_P(InteropTest, custom_metadata_of_ping_pong) {
  const Metadata metadata = MetadataToEcho();
  interop::Turn turn = MakeTurn({1});
  *turn.mutable_echo() = EchoBoth();
  auto call = interop_.Converse({.metadata = &metadata});
  ASSERT_TRUE(call.Write(turn).Wait());
  call.Close();
  EXPECT_EQ(ReadAll(call).sizes, std::vector<size_t>({1}));
  ExpectEchoed(call);
}

TEST_P(InteropTest, custom_metadata_comes_with_a_failure) {
  const Metadata metadata = MetadataToEcho();
  interop::UnaryRequest request = AskingFor(EndingWith(StatusCode::kAborted, "no"));
  *request.mutable_echo() = EchoBoth();
  auto call = interop_.Unary(request, {.metadata = &metadata});
  EXPECT_EQ(std::move(call).Wait().status(), absl::AbortedError("no"));
  ExpectEchoed(call);
}

TEST_P(InteropTest, bad_metadata) {
  Metadata metadata;
  metadata.Add("Upper Case", "x");
  const auto reply = interop_.Unary(Asking(1, 1), {.metadata = &metadata}).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(reply.status(), "Upper Case")) << reply.status();
  EXPECT_TRUE(interop_.Empty(interop::Nothing()).Wait().ok());
}

Metadata ManyEntries(int entries, size_t value_size = 1) {
  Metadata metadata;
  for (int i = 0; i < entries; ++i) metadata.Add(kLeading, std::string(value_size, 'v'));
  return metadata;
}

TEST_P(InteropTest, metadata_at_the_limit) {
  const Metadata metadata = ManyEntries(128);
  interop::UnaryRequest request = Asking(1, 1);
  *request.mutable_echo() = EchoBoth();
  auto call = interop_.Unary(request, {.metadata = &metadata});
  EXPECT_TRUE(std::move(call).Wait().ok());
  EXPECT_EQ(call.leading().size(), 128u);
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropTest, metadata_above_the_limit) {
  const Metadata many = ManyEntries(129);
  const auto refused = interop_.Unary(Asking(1, 1), {.metadata = &many}).Wait().status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused;
  EXPECT_TRUE(Says(refused, "129") && Says(refused, "128")) << refused;
  const Metadata large = ManyEntries(10, 10'000);
  const auto too_large = interop_.Unary(Asking(1, 1), {.metadata = &large}).Wait().status();
  EXPECT_EQ(too_large.code(), StatusCode::kResourceExhausted) << too_large;
  EXPECT_TRUE(Says(too_large, "65536")) << too_large;
  ExpectOneConnectionThatWorks();
}

// Statuses.

TEST_P(InteropTest, status_code_and_message) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status wanted(static_cast<StatusCode>(code), "test status message");
    const interop::Ending ending = EndingWith(wanted.code(), "test status message");
    EXPECT_EQ(interop_.Unary(AskingFor(ending)).Wait().status(), wanted);
    interop::ProduceRequest request = Producing({5});
    *request.mutable_ending() = ending;
    auto stream = interop_.Produce(request);
    const Chunks chunks = ReadAll(stream);
    EXPECT_EQ(chunks.sizes, std::vector<size_t>({5}));
    EXPECT_EQ(chunks.status, wanted);
  }
}

TEST_P(InteropTest, special_status_message) {
  for (const std::string& message :
       {std::string("\t\nwith whitespace\r\n, Unicode \xE2\x98\xBA and \xF0\x9F\x98\x88\t\n"),
        std::string("\0 \x01 \x1B \x7F", 7), std::string("\"quoted\" \\ %20 {}"), std::string()}) {
    const absl::Status wanted(StatusCode::kUnknown, message);
    const auto ending = EndingWith(StatusCode::kUnknown, message);
    EXPECT_EQ(interop_.Unary(AskingFor(ending)).Wait().status(), wanted);
  }
}

TEST_P(InteropTest, status_details) {
  absl::Status wanted = absl::FailedPreconditionError("with details");
  interop::Ending ending = EndingWith(wanted.code(), "with details");
  for (const char* type : {"type.example/interop.Nothing", "type.example/other"}) {
    interop::Detail* detail = ending.add_details();
    detail->set_type_url(type);
    detail->set_value(kAnyBytes);
    wanted.SetPayload(type, absl::Cord(kAnyBytes));
  }
  EXPECT_EQ(interop_.Unary(AskingFor(ending)).Wait().status(), wanted);
  interop::Turn turn = MakeTurn({});
  *turn.mutable_ending() = ending;
  auto stream = interop_.Converse();
  ASSERT_TRUE(stream.Write(turn).Wait());
  EXPECT_EQ(ReadAll(stream).status, wanted);
}

// A header has 64 KiB: what does not fit is left out, the details first.
TEST_P(InteropTest, large_status) {
  interop::Ending ending = EndingWith(StatusCode::kAborted, std::string(60'000, 'x'));
  ending.add_details()->set_type_url("type.example/large");
  ending.mutable_details(0)->set_value(std::string(30'000, 'y'));
  EXPECT_EQ(interop_.Unary(AskingFor(ending)).Wait().status(),
            absl::AbortedError(std::string(60'000, 'x')));
  ending.set_message("begin" + std::string(100'000, 'x'));
  const absl::Status cut = interop_.Unary(AskingFor(ending)).Wait().status();
  EXPECT_EQ(cut.code(), StatusCode::kAborted);
  EXPECT_TRUE(cut.message().size() > 60'000 && Says(cut, "beginxxx"));
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropTest, unimplemented_method) {
  const auto missing = interop_.Missing(interop::Nothing()).Wait();
  EXPECT_EQ(missing.status().code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(Says(missing.status(), "interop.Interop/Missing")) << missing.status();
  const auto unknown =
      Call<interop::Nothing>(channel_, "interop.Interop/Unknown", interop::Nothing()).Wait();
  EXPECT_EQ(unknown.status().code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(Says(unknown.status(), "interop.Interop/Unknown")) << unknown.status();
  ExpectOneConnectionThatWorks();
}

TEST_P(InteropTest, unimplemented_service) {
  const interop::Absent::Client absent(channel_);
  const auto reply = absent.Call(interop::Nothing()).Wait();
  EXPECT_EQ(reply.status().code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(Says(reply.status(), "interop.Absent/Call")) << reply.status();
  StreamCall<interop::Chunk, interop::Turn> stream(channel_, "interop.Absent/Stream");
  EXPECT_EQ(ReadAll(stream).status.code(), StatusCode::kUnimplemented);
  ExpectOneConnectionThatWorks();
}

// A handler that throws: at once or later, an exception or anything else.
TEST_P(InteropTest, handler_throws) {
  for (const bool after_pause : {false, true}) {
    for (const bool no_std_exception : {false, true}) {
      interop::ThrowRequest request;
      request.set_what("the secret");
      request.set_after_pause(after_pause);
      request.set_no_std_exception(no_std_exception);
      const auto reply = interop_.Throw(request).Wait();
      EXPECT_EQ(reply.status().code(), StatusCode::kInternal) << reply.status();
      EXPECT_FALSE(Says(reply.status(), "secret")) << reply.status();
    }
  }
  ExpectOneConnectionThatWorks();
}

}  // namespace
}  // namespace rpc
