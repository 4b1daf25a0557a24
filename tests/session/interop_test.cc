// The cases by which gRPC implementations are tested against each other, as far as they apply.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

constexpr size_t kLargeRequestSize = 271'828;
constexpr size_t kLargeReplySize = 314'159;
const std::vector<size_t> kRequestSizes = {27'182, 8, 1'828, 45'904};
const std::vector<size_t> kReplySizes = {31'415, 9, 2'653, 58'979};

std::vector<size_t> Sizes(const std::vector<std::string>& messages) {
  std::vector<size_t> sizes;
  for (const std::string& message : messages) sizes.push_back(message.size());
  return sizes;
}

std::string Zeros(size_t size) { return std::string(size, '\0'); }

TEST(Interop, empty_unary) {
  SessionPair pair;
  const uint64_t call = pair.Open("TestService/EmptyUnary", "");
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).request, "");
  pair.Reply(call, "");
  pair.Run();
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_EQ(pair.AtClient(call).body, "");
}

TEST(Interop, large_unary) {
  SessionPair pair;
  const uint64_t call = pair.Open("TestService/Unary", Zeros(kLargeRequestSize));
  pair.Run();
  EXPECT_TRUE(pair.AtServer(call).request == Zeros(kLargeRequestSize));
  pair.Reply(call, Zeros(kLargeReplySize));
  pair.Run();
  EXPECT_TRUE(pair.AtClient(call).body == Zeros(kLargeReplySize));
}

TEST(Interop, client_streaming) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("TestService/ClientStream");
  for (const size_t size : kRequestSizes) pair.client().Write(call, {Zeros(size)});
  pair.client().CloseWriting(call);
  pair.Run();
  EXPECT_EQ(Sizes(pair.AtServer(call).messages), kRequestSizes);
  EXPECT_TRUE(pair.AtServer(call).half_closed);
  pair.Reply(call, "74922");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "74922");
}

TEST(Interop, server_streaming) {
  SessionPair pair;
  const uint64_t call = pair.Open("TestService/ServerStream", "sizes");
  pair.Run();
  for (const size_t size : kReplySizes) pair.server().Write(call, {Zeros(size)});
  pair.End(call);
  pair.Run();
  EXPECT_EQ(Sizes(pair.AtClient(call).messages), kReplySizes);
  EXPECT_TRUE(pair.AtClient(call).status.ok());
}

TEST(Interop, ping_pong) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("TestService/Both");
  for (size_t i = 0; i < kRequestSizes.size(); ++i) {
    pair.client().Write(call, {Zeros(kRequestSizes[i])});
    pair.Run();
    EXPECT_EQ(pair.AtServer(call).messages.size(), i + 1);
    pair.server().Write(call, {Zeros(kReplySizes[i])});
    pair.Run();
    EXPECT_EQ(pair.AtClient(call).messages.size(), i + 1);
  }
  pair.client().CloseWriting(call);
  pair.Run();
  pair.End(call);
  pair.Run();
  EXPECT_EQ(Sizes(pair.AtServer(call).messages), kRequestSizes);
  EXPECT_EQ(Sizes(pair.AtClient(call).messages), kReplySizes);
  EXPECT_TRUE(pair.AtClient(call).status.ok());
}

TEST(Interop, empty_stream) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("TestService/Both");
  pair.client().CloseWriting(call);
  pair.Run();
  EXPECT_TRUE(pair.AtServer(call).half_closed);
  pair.End(call);
  pair.Run();
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_TRUE(pair.AtServer(call).messages.empty() && pair.AtClient(call).messages.empty());
}

TEST(Interop, custom_metadata) {
  const std::vector<wire::Metadatum> initial = {{"x-test-echo-initial", "test_initial_value"}};
  const std::vector<wire::Metadatum> trailing = {{"x-test-echo-trailing-bin", "\xAB\xAB\xAB"}};
  for (const char* method : {"TestService/Unary", "TestService/Both"}) {
    SessionPair pair;
    const uint64_t call = pair.Open(method, "x", {.metadata = initial});
    pair.Run();
    EXPECT_EQ(pair.AtServer(call).metadata,
              MetadataList({{"x-test-echo-initial", "test_initial_value"}}));
    pair.server().SendMetadata(call, initial);
    const Payload reply{"y"};
    pair.server().End(call, absl::OkStatus(), &reply, trailing);
    pair.Run();
    EXPECT_EQ(pair.AtClient(call).metadata,
              MetadataList({{"x-test-echo-initial", "test_initial_value"}}));
    EXPECT_EQ(pair.AtClient(call).trailing,
              MetadataList({{"x-test-echo-trailing-bin", "\xAB\xAB\xAB"}}));
    EXPECT_TRUE(pair.AtClient(call).status.ok());
  }
}

TEST(Interop, status_code_and_message) {
  for (const char* method : {"TestService/Unary", "TestService/Both"}) {
    SessionPair pair;
    const uint64_t call = pair.Open(method, "x");
    pair.Run();
    pair.End(call, absl::UnknownError("test status message"));
    pair.Run();
    EXPECT_EQ(pair.AtClient(call).status, absl::UnknownError("test status message"));
  }
}

TEST(Interop, special_status_message) {
  constexpr char kMessage[] =
      "\t\ntest with whitespace\r\nand Unicode BMP \xE2\x98\xBA and non-BMP \xF0\x9F\x98\x88\t\n";
  SessionPair pair;
  const uint64_t call = pair.Open("TestService/Unary", "x");
  pair.Run();
  pair.End(call, absl::UnknownError(kMessage));
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status, absl::UnknownError(kMessage));
}

TEST(Interop, unimplemented_method) {
  SessionPair pair;
  const uint64_t call = pair.Open("TestService/UnimplementedCall", "");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kUnimplemented);
}

TEST(Interop, unimplemented_service) {
  SessionPair pair;
  const uint64_t call = pair.Open("UnimplementedService/UnimplementedCall", "");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(pair.AtClient(call).status.message().find("UnimplementedService"), std::string::npos);
}

TEST(Interop, cancel_after_begin) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("TestService/ClientStream");
  pair.client().Cancel(call);
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(pair.AtServer(call).ends, 1);
  EXPECT_EQ(pair.client().open_calls(), 0u);
}

TEST(Interop, cancel_after_first_response) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("TestService/Both");
  pair.client().Write(call, {Zeros(kRequestSizes[0])});
  pair.Run();
  pair.server().Write(call, {Zeros(kReplySizes[0])});
  pair.Run();
  ASSERT_EQ(pair.AtClient(call).messages.size(), 1u);
  pair.client().Cancel(call);
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(pair.server().Write(call, {"more"}), Sent::kGone);
}

TEST(Interop, timeout_on_sleeping_server) {
  SessionPair pair;
  const uint64_t call = pair.OpenBare("TestService/Both", {.deadline_us = pair.now_us() + 1'000});
  pair.client().Write(call, {Zeros(kRequestSizes[0])});
  pair.Wait(1'000);
  EXPECT_EQ(pair.AtClient(call).status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pair.AtServer(call).status.code(), absl::StatusCode::kDeadlineExceeded);
}

// The negative cases.

TEST(Interop, goaway) {
  SessionPair pair;
  const uint64_t first = pair.Open("TestService/Unary", "x");
  pair.Run();
  pair.server().Drain();
  pair.Reply(first, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(first).body, "y");
  EXPECT_FALSE(pair.client().accepts_calls());
  EXPECT_EQ(pair.client().Open({.name = "TestService/Unary"}).status().code(),
            absl::StatusCode::kUnavailable);
}

// What is left of a call when the connection ends after these bytes of its reply.
CallLog AfterReset(const std::string& reply) {
  SessionPair pair;
  pair.Run();
  const uint64_t call = pair.Open("TestService/ServerStream", "x");
  pair.PlayServer();
  pair.FeedClient(reply);
  pair.client().InputEnded(absl::UnavailableError("connection reset by peer"));
  pair.Listen();
  EXPECT_EQ(pair.client().open_calls(), 0u);
  return pair.AtClient(call);
}

TEST(Interop, rst_after_header) {
  const CallLog log = AfterReset(hand::Frame(
      {.kind = wire::Kind::kMessage, .call = 1, .flags = hand::kBare, .metadata = {{"k", "v"}}}));
  EXPECT_EQ(log.metadata, MetadataList({{"k", "v"}}));
  EXPECT_EQ(log.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(log.ends, 1);
}

TEST(Interop, rst_during_data) {
  const std::string reply = hand::Message(1, std::string(1'000, 'y'));
  const CallLog log = AfterReset(reply.substr(0, reply.size() - 1));
  EXPECT_TRUE(log.messages.empty());
  EXPECT_EQ(log.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(log.unseen);
}

TEST(Interop, rst_after_data) {
  const CallLog log = AfterReset(hand::Message(1, std::string(1'000, 'y')));
  EXPECT_EQ(Sizes(log.messages), std::vector<size_t>({1'000}));
  EXPECT_EQ(log.status.code(), absl::StatusCode::kUnavailable);
}

TEST(Interop, ping) {
  SessionPair pair;
  const uint64_t call = pair.Open("TestService/Unary", "x");
  pair.Run();
  for (int i = 0; i < 3; ++i) {
    pair.FeedClient(hand::Ping());
    pair.Wait(kSecondUs, false);
  }
  EXPECT_EQ(pair.Count("C: PONG"), 3);
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "y");
}

TEST(Interop, max_streams) {
  SessionPair pair({.server = {.calls_max = 1}});
  pair.Run();
  for (int i = 0; i < 10; ++i) {
    const uint64_t call = pair.Open("TestService/Unary", "x");
    EXPECT_EQ(pair.client().Open({.name = "TestService/Unary"}).status().code(),
              absl::StatusCode::kResourceExhausted);
    pair.Run();
    pair.Reply(call, "y");
    pair.Run();
    EXPECT_TRUE(pair.AtClient(call).status.ok());
  }
}

}  // namespace
}  // namespace rpc::session
