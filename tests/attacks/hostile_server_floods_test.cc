// A client whose server sends without an end: frames that ask for nothing, and streams.
#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "rpc/session/limits.h"
#include "services/interop/interop.rpc.h"
#include "tests/attacks/client_attack.h"
#include "tests/attacks/hostile_server.h"
#include "tests/attacks/repeated.h"
#include "tests/session/hand_frames.h"
#include "tests/support/eventually.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;
using absl::StatusCode;
using wire::Kind;

// Frames that ask for nothing, as many as go.
struct Flood {
  std::string name;
  std::string frame;
};

std::ostream& operator<<(std::ostream& out, const Flood& flood) { return out << flood.name; }

std::string OfKind(int kind, std::string_view body = "") {
  return hand::Frame({.kind = static_cast<Kind>(kind), .call = 1}, body);
}

std::vector<Flood> Floods() {
  return {
      {"Ping", hand::Ping()},
      {"PingsWithBodies", OfKind(5, std::string(1000, 'x'))},
      {"PongThatAnswersNothing", hand::Pong()},
      {"Credit", hand::Credit(1, 1 << 20)},
      {"CreditBeyondAllNumbers", hand::Credit(1, (1ull << 53) - 1)},
      {"GoawayAgain", hand::Goaway(1)},
      {"UnknownKindThatIsIgnored", OfKind(64)},
      {"UnknownKindWithABody", OfKind(1000, std::string(1000, 'x'))},
      {"MessagesOfNothing", hand::Message(1, "", hand::kBare)},
      {"PartsOfOneByte", hand::Message(1, "x", hand::kMore)},
  };
}

class FloodTest : public testing::TestWithParam<Flood> {};

TEST_P(FloodTest, LetsACallEndAtItsDeadline) {
  const std::string batch = Repeated(GetParam().frame, 64 << 10);
  const size_t frames = batch.size() / GetParam().frame.size();
  const size_t batches = static_cast<size_t>(Sanitized(300'000, 5'000)) / frames + 1;
  const HostileServer::Script script = [&](HostileConnection& client) {
    if (!client.AwaitCalls(1) || !client.Send(hand::Hello())) return;
    for (size_t i = 0; i < batches; ++i) client.Send(batch);
  };
  ClientAttack attack("flood: " + GetParam().name);
  std::optional<WatchedCall> call;
  {
    HostileServer server(script);
    const Channel channel(server.tcp());
    const absl::Time begin = absl::Now();
    call.emplace(channel, absl::Seconds(1));
    const absl::Status status = attack.Await(*call);
    EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status;
    EXPECT_TRUE(Eventually([&] { return server.seen().scripts_ended == 1; }, absl::Seconds(60)));
    EXPECT_LE(server.seen().pongs, 2 + absl::ToDoubleSeconds(absl::Now() - begin) * 10);
    EXPECT_EQ(server.seen().goaways, 0u);
  }
  EXPECT_EQ(call->ends(), 1);
  attack.End({.heap_size_max = 2 * kMegabyte,
              .heap_size_left = kMegabyte,
              .cpu = static_cast<double>(frames * batches) * absl::Microseconds(20)});
}

INSTANTIATE_TEST_SUITE_P(Each, FloodTest, testing::ValuesIn(Floods()),
                         [](const auto& info) { return info.param.name; });

// The same of GOAWAY, which names another call each time, and none that was made.
TEST(Goaways, ThatSayNothingNewLetCallsEndAtTheirDeadlines) {
  constexpr size_t kCalls = Sanitized(1'000, 100);
  constexpr size_t kFrames = Sanitized(320'000, 16'000);
  std::string flood = hand::Hello();
  for (size_t i = kFrames; i > 0; --i) flood += hand::Goaway(kCalls + i);
  ClientAttack attack("flood: GOAWAY with many calls");
  {
    HostileServer server([&](HostileConnection& client) {
      if (client.AwaitCalls(kCalls)) client.Send(flood);
    });
    const Channel channel(server.tcp());
    std::vector<WatchedCall> calls;
    for (size_t i = 0; i < kCalls; ++i) calls.emplace_back(channel, absl::Seconds(1));
    absl::Duration longest = absl::ZeroDuration();
    for (const WatchedCall& call : calls) {
      EXPECT_EQ(call.Wait().code(), StatusCode::kDeadlineExceeded) << call.Wait();
      longest = std::max(longest, call.took());
    }
    attack.ExpectInTime(longest, absl::Seconds(1));
    EXPECT_TRUE(Eventually([&] { return server.seen().scripts_ended == 1; }, absl::Seconds(60)));
    EXPECT_EQ(server.seen().calls, kCalls);
    EXPECT_EQ(server.seen().goaways, 0u);
  }
  attack.End(
      {.heap_size_max = 4 * kMegabyte, .heap_size_left = 3 * kMegabyte, .cpu = absl::Seconds(1)});
}

// Messages that are whole, more than their call has credit for: nobody reads them meanwhile.
class StreamTest : public testing::TestWithParam<Flood> {};

TEST_P(StreamTest, ThatGoesOnBeyondItsCreditEndsTheConnection) {
  const std::string bytes = hand::Hello() + Repeated(GetParam().frame, 500'000);
  ClientAttack attack("stream: " + GetParam().name);
  {
    HostileServer server([&](HostileConnection& client) {
      if (client.AwaitCalls(1)) client.Send(bytes);
    });
    const interop::Interop::Client interop{Channel(server.tcp())};
    const absl::Time begin = absl::Now();
    auto chunks = interop.Produce({}, {.timeout = absl::Seconds(20)});
    EXPECT_TRUE(Eventually([&] { return server.seen().connections_ended == 1; }));
    while (chunks.Read().Wait() != nullptr) continue;
    attack.ExpectInTime(absl::Now() - begin, absl::Seconds(1));
    EXPECT_EQ(chunks.status().code(), StatusCode::kUnavailable) << chunks.status();
    EXPECT_EQ(chunks.Read().Wait(), nullptr);
    EXPECT_EQ(static_cast<StatusCode>(server.seen().goaway_code), StatusCode::kResourceExhausted);
  }
  attack.End(kLittle);
}

INSTANTIATE_TEST_SUITE_P(Each, StreamTest,
                         testing::Values(Flood{"LargeMessages",
                                               hand::Message(1, std::string(60'000, 'x'))},
                                         Flood{"EmptyMessages", hand::Message(1, "")}),
                         [](const auto& info) { return info.param.name; });

// Messages of many streams, each within its credit, and together beyond the memory of their
// connection: nobody reads them meanwhile.
class UnreadTest : public testing::TestWithParam<size_t> {};

TEST_P(UnreadTest, MessagesAreHeldWithinTheMemoryOfTheirConnection) {
  constexpr uint64_t kStreams = 64;
  constexpr int64_t kMemoryMax = 8 * kMegabyte;
  constexpr size_t kWindow = 250'000;
  const size_t messages = kWindow / std::max<size_t>(GetParam(), session::kFrameCreditMin);
  ClientAttack attack("unread messages of " + std::to_string(GetParam()) + " bytes");
  {
    HostileServer server([&](HostileConnection& client) {
      if (!client.AwaitCalls(kStreams) || !client.Send(hand::Hello())) return;
      for (uint64_t call = 1; call <= kStreams; ++call) {
        const std::string message = hand::Message(call, std::string(GetParam(), 'x'));
        client.Send(Repeated(message, messages * message.size()));
      }
    });
    const interop::Interop::Client interop{
        Channel(server.tcp(), {.limits = {.memory_size_max = kMemoryMax}})};
    std::vector<ReadCall<interop::Chunk>> streams;
    for (uint64_t i = 0; i < kStreams; ++i) {
      streams.push_back(interop.Produce({}, {.timeout = absl::Minutes(10)}));
    }
    // Half of them are beyond it, and end.
    EXPECT_TRUE(
        Eventually([&] { return server.seen().cancels >= kStreams / 3; }, absl::Seconds(60)));
    EXPECT_TRUE(Eventually([&] { return server.seen().scripts_ended == 1; }, absl::Seconds(60)));
    EXPECT_LE(server.seen().cancels, kStreams * 2 / 3);
    EXPECT_EQ(server.seen().goaways, 0u);
  }
  attack.End(
      {.heap_size_max = 4 * kMemoryMax, .heap_size_left = 2 * kMegabyte, .cpu = absl::Seconds(2)});
}

INSTANTIATE_TEST_SUITE_P(Each, UnreadTest, testing::Values(60'000, 1'000, 100, 0),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace rpc::attacks
