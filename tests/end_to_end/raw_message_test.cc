// Calls whose messages are bytes to the caller.
#include "rpc/raw_message.h"

#include <sstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/message_lite.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/end_to_end/echo_fixture.h"

namespace rpc {
namespace {

class RawMessageTest : public EchoTest {
 protected:
  template <typename Message>
  static RawMessage Raw(const Message& message) {
    return RawMessage(message.SerializeAsString());
  }

  template <typename Message>
  static Message Parsed(const RawMessage& raw) {
    Message message;
    EXPECT_TRUE(message.ParseFromString(raw.bytes()));
    return message;
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, RawMessageTest, testing::Values(Way::kTcp, Way::kInProcess),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(RawMessageTest, OneRequestHasOneReply) {
  const auto reply = Call<RawMessage>(channel_, "echo.Echo/Upper", Raw(Saying("hello"))).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(Parsed<echo::SayReply>(*reply).text(), "HELLO");
}

TEST_P(RawMessageTest, LargeOnesArriveWhole) {
  const std::string text(3'000'000, 'x');
  const auto reply = Call<RawMessage>(channel_, "echo.Echo/Say", Raw(Saying(text))).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(Parsed<echo::SayReply>(*reply).text(), text);
}

TEST_P(RawMessageTest, OneRequestHasAStreamOfReplies) {
  ReadCall<RawMessage> numbers(channel_, "echo.Echo/Count", Raw(CountTo(3)));
  std::string seen;
  while (const RawMessage* number = numbers.Read().Wait()) {
    seen += std::to_string(Parsed<echo::Number>(*number).value()) + " ";
  }
  EXPECT_TRUE(numbers.status().ok()) << numbers.status();
  EXPECT_EQ(seen, "0 1 2 ");
}

TEST_P(RawMessageTest, AStreamOfRequestsHasOneReply) {
  WriteCall<RawMessage, RawMessage> sum(channel_, "echo.Echo/Sum");
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(sum.Write(Raw(MakeNumber(i))).Wait());
  const auto total = std::move(sum).Wait();
  ASSERT_TRUE(total.ok()) << total.status();
  EXPECT_EQ(Parsed<echo::Total>(*total).value(), 10);
}

TEST_P(RawMessageTest, BothSidesOfAStreamTakeTurns) {
  StreamCall<RawMessage, RawMessage> chat(channel_, "echo.Echo/Chat");
  for (const char* text : {"one", "two"}) {
    ASSERT_TRUE(chat.Write(Raw(MakeLine(text))).Wait());
    const RawMessage* line = chat.Read().Wait();
    ASSERT_NE(line, nullptr) << chat.status();
    EXPECT_EQ(line->bytes().substr(2), text == std::string("one") ? "ONE" : "TWO");
  }
  chat.Close();
  EXPECT_EQ(chat.Read().Wait(), nullptr);
  EXPECT_TRUE(chat.status().ok()) << chat.status();
}

TEST_P(RawMessageTest, TheServerJudgesTheBytes) {
  const auto reply = Call<RawMessage>(channel_, "echo.Echo/Say", RawMessage("\xFF")).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument) << reply.status();
}

// As a message among protobuf's.

std::string Bytes(size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 7 % 251);
  return bytes;
}

TEST(RawMessageBytes, AreTheSameBehindEveryWayToParseThem) {
  for (const size_t size : {0, 1, 15, 16, 17, 31, 32, 33, 1'000, 100'000}) {
    const std::string bytes = Bytes(size);
    RawMessage raw("what was there before");
    ASSERT_TRUE(raw.ParseFromString(bytes)) << size;
    EXPECT_EQ(raw.bytes(), bytes);
    std::istringstream in(bytes);
    ASSERT_TRUE(raw.ParseFromIstream(&in)) << size;
    EXPECT_EQ(raw.bytes(), bytes);
    EXPECT_EQ(raw.SerializeAsString(), bytes);
  }
}

TEST(RawMessageBytes, OfTwoMessagesAreThoseOfBothMerged) {
  RawMessage both(echo::FailRequest().SerializeAsString());
  both.CheckTypeAndMergeFrom(
      RawMessage(FailWith(absl::StatusCode::kAborted, "").SerializeAsString()));
  both.CheckTypeAndMergeFrom(RawMessage(FailWith({}, "why").SerializeAsString()));
  echo::FailRequest merged;
  ASSERT_TRUE(merged.ParseFromString(both.bytes()));
  EXPECT_EQ(merged.code(), 10U);
  EXPECT_EQ(merged.message(), "why");
}

TEST(RawMessageBytes, LiveOnAnArenaAsTheyDoWithout) {
  google::protobuf::Arena arena;
  const RawMessage prototype;
  RawMessage* const raw = prototype.New(&arena);
  ASSERT_TRUE(raw->ParseFromString(Bytes(1'000)));
  EXPECT_EQ(raw->bytes(), Bytes(1'000));
}

}  // namespace
}  // namespace rpc
