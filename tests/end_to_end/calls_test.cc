// The four kinds of calls, in each way of waiting for them.
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/end_to_end/echo_fixture.h"

namespace rpc {
namespace {

class CallsTest : public EchoTest {};

INSTANTIATE_TEST_SUITE_P(Ways, CallsTest, testing::ValuesIn(StreamWays()),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(CallsTest, AThreadWaitsForAReply) {
  const absl::StatusOr<echo::SayReply> reply = echo_.Say(Saying("hello")).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "hello");
}

TEST_P(CallsTest, ACoroutineWaitsForAReply) {
  const std::string text = rpc::Run([&]() -> Task<std::string> {
    absl::StatusOr<echo::SayReply> reply = co_await echo_.Upper(Saying("hello"));
    co_return reply.ok() ? reply->text() : reply.status().ToString();
  });
  EXPECT_EQ(text, "HELLO");
}

TEST_P(CallsTest, AFunctionIsCalledWithTheReply) {
  std::binary_semaphore called{0};
  std::string text;
  echo_.Say(Saying("later")).Then([&](absl::StatusOr<echo::SayReply> reply) {
    text = reply.ok() ? reply->text() : reply.status().ToString();
    called.release();
  });
  called.acquire();
  EXPECT_EQ(text, "later");
}

TEST_P(CallsTest, AStreamOfRepliesIsReadToItsEnd) {
  const int64_t sum = rpc::Run([&]() -> Task<int64_t> {
    int64_t total = 0;
    auto numbers = echo_.Count(CountTo(10'000));
    while (const echo::Number* number = co_await numbers.Read()) total += number->value();
    EXPECT_TRUE(numbers.status().ok()) << numbers.status();
    co_return total;
  });
  EXPECT_EQ(sum, 10'000 * 9'999 / 2);
}

TEST_P(CallsTest, AStreamOfRequestsHasOneReply) {
  const absl::StatusOr<echo::Total> total = rpc::Run([&]() -> Task<absl::StatusOr<echo::Total>> {
    auto sum = echo_.Sum();
    for (int i = 1; i <= 10'000; ++i) {
      if (!co_await sum.Write(MakeNumber(i))) break;
    }
    sum.Close();
    co_return co_await std::move(sum);
  });
  ASSERT_TRUE(total.ok()) << total.status();
  EXPECT_EQ(total->value(), 10'001 * 5'000);
}

TEST_P(CallsTest, BothSidesOfAStreamTakeTurns) {
  rpc::Run([&]() -> Task<void> {
    auto chat = echo_.Chat();
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(co_await chat.Write(MakeLine("line " + std::to_string(i))));
      const echo::Line* line = co_await chat.Read();
      EXPECT_TRUE(line != nullptr && line->text() == "LINE " + std::to_string(i));
    }
    chat.Close();
    EXPECT_EQ(co_await chat.Read(), nullptr);
    EXPECT_TRUE(chat.status().ok()) << chat.status();
  });
}

TEST_P(CallsTest, AThreadReadsAndWritesStreams) {
  auto chat = echo_.Chat();
  ASSERT_TRUE(chat.Write(MakeLine("one")).Wait());
  const echo::Line* line = chat.Read().Wait();
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->text(), "ONE");
  chat.Close();
  EXPECT_EQ(chat.Read().Wait(), nullptr);
  EXPECT_TRUE(chat.status().ok()) << chat.status();
}

TEST_P(CallsTest, AFailureHasItsCodeAndItsSentence) {
  const auto reply = echo_.Fail(FailWith(absl::StatusCode::kNotFound, "no such thing")).Wait();
  EXPECT_EQ(reply.status(), absl::NotFoundError("no such thing"));
}

TEST_P(CallsTest, ADeadlineEndsACall) {
  const absl::Time begin = absl::Now();
  const auto reply = echo_.Sleep(SleepFor(10'000), {.timeout = absl::Milliseconds(50)}).Wait();
  EXPECT_TRUE(absl::IsDeadlineExceeded(reply.status())) << reply.status();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST_P(CallsTest, ALargeMessageArrivesWhole) {
  const std::string text(5 << 20, 'x');
  const auto reply = echo_.Say(Saying(text)).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), text);
}

TEST_P(CallsTest, ManyCallsAreUnderWayAtOnce) {
  rpc::Run([&]() -> Task<void> {
    std::vector<Call<echo::SayReply>> calls;
    for (int i = 0; i < 5'000; ++i) calls.push_back(echo_.Say(Saying(std::to_string(i))));
    const auto replies = co_await WhenAll(std::move(calls));
    for (size_t i = 0; i < replies.size(); ++i) {
      EXPECT_TRUE(replies[i].ok()) << replies[i].status();
      EXPECT_EQ(replies[i].ok() ? replies[i]->text() : "", std::to_string(i));
    }
  });
}

}  // namespace
}  // namespace rpc
