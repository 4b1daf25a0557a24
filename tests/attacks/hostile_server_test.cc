// A client whose server answers wrongly: too much, too large, against the rules, or no frames at
// all.
#include "tests/attacks/hostile_server.h"

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rpc/wire/header.pb.h"
#include "services/echo/echo.rpc.h"
#include "tests/attacks/client_attack.h"
#include "tests/attacks/repeated.h"
#include "tests/session/hand_frames.h"
#include "tests/support/eventually.h"
#include "tests/wire/zstd_frames.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;
using absl::StatusCode;
using wire::Kind;

constexpr int64_t kMessageMax = 16 << 20;  // the default

// What becomes of the connection: the client says GOAWAY, or only closes it.
enum class After { kGoesOn, kGoaway, kClosed };

struct Costs {
  session::Limits limits = {};  // of the client
  int64_t heap_size_max = kMegabyte;
  int64_t heap_size_left = kMegabyte;
};

// What the first call of a connection is answered, and what comes of it.
struct Answer {
  std::string name;
  std::string bytes;
  StatusCode code;
  After after;
  StatusCode goaway_code = StatusCode::kOk;
  Costs costs = {};
};

// Ends its call and nothing else.
Answer Ends(std::string name, std::string bytes, StatusCode code, const Costs& costs = {}) {
  return {std::move(name), std::move(bytes), code, After::kGoesOn, StatusCode::kOk, costs};
}

// A connection error.
Answer Breaks(std::string name, std::string bytes,
              StatusCode goaway_code = StatusCode::kInvalidArgument) {
  return {std::move(name), std::move(bytes), StatusCode::kUnavailable, After::kGoaway, goaway_code};
}

Answer Closes(std::string name, std::string bytes) {
  return {std::move(name), std::move(bytes), StatusCode::kUnavailable, After::kClosed};
}

std::ostream& operator<<(std::ostream& out, const Answer& answer) { return out << answer.name; }

std::string Reply() {
  echo::SayReply reply;
  reply.set_text("x");
  return reply.SerializeAsString();
}

std::string End() { return hand::End(1, Reply()); }

std::string OfSize(uint64_t size, std::string_view body = "") {
  return hand::Hello() +
         hand::FrameAsItIs({.kind = Kind::kEnd, .call = 1, .size = size, .md5 = "0123456789abcdef"},
                           body);
}

std::string Compressed(const std::string& body) {
  return hand::Hello() +
         hand::Frame({.kind = Kind::kEnd, .call = 1, .encoding = wire::Encoding::kZstd}, body);
}

std::string WithMetadata(size_t entries, size_t key_size) {
  const std::string key(key_size, 'k');
  return hand::Hello() +
         hand::Frame({.kind = Kind::kEnd,
                      .call = 1,
                      .metadata = {entries, wire::Metadatum{.key = key, .value = "v"}}},
                     Reply());
}

// Every limit is this number, but the one of messages.
std::string HelloOf(uint64_t number, uint64_t message_size_max) {
  wire::Hello hello;
  hello.set_version(static_cast<uint32_t>(number));
  hello.set_max_message(message_size_max);
  hello.set_max_frame(number);
  hello.set_call_window(number);
  hello.set_max_calls(number);
  hello.set_max_header(static_cast<uint32_t>(number));
  return hand::Hello(hello.SerializeAsString());
}

const std::string kChunk(60'000, 'x');

std::vector<Answer> TooLarge() {
  constexpr StatusCode kExhausted = StatusCode::kResourceExhausted;
  constexpr session::Limits kSmall = {.message_size_max = 100'000};
  const std::string part = hand::Message(1, kChunk, hand::kMore);
  return {
      // 100 MiB in some 10 KiB. What expands it is kept, for all connections of the loop.
      Ends("BombThatSaysHowMuch", Compressed(wire::Streamed(100 << 20, 'x', {.announce = true})),
           kExhausted),
      Ends("BombThatDoesNotSay", Compressed(wire::Streamed(100 << 20, 'x')), kExhausted,
           {.heap_size_max = 4 * kMessageMax, .heap_size_left = 12 * kMegabyte}),
      Ends("BombThatLies", Compressed(wire::AnnouncedWindowFrame(20, 0x7fffffff, "x")), kExhausted),
      Ends("LargeWindow", Compressed(wire::WindowFrame(30, 0, "x")), StatusCode::kDataLoss),
      Breaks("Header", hand::Hello() + std::string("\0\1\0\1", 4) + kChunk + kChunk),
      Breaks("HugeHeader", hand::Hello() + std::string("\0\xff\xff\xff", 4) + kChunk),
      Ends("Body", OfSize(200'000, std::string(200'000, 'x')), kExhausted, {.limits = kSmall}),
      Breaks("BodyBeyondTheCredit", OfSize(20 << 20, kChunk), kExhausted),
      Breaks("HugeBody", OfSize(1ull << 40, kChunk), kExhausted),
      Breaks("BodyBeyondAllNumbers", OfSize(1ull << 53, kChunk)),
      Ends("MessageInParts", hand::Hello() + Repeated(part, 5 * part.size()), kExhausted,
           {.limits = kSmall}),
      Ends("MessageInEndlessParts", hand::Hello() + Repeated(part, 400 * part.size()), kExhausted,
           {.heap_size_max = 4 * kMessageMax}),
      // Within the 64 KiB of a header. A client takes more entries than a server does.
      Ends("Metadata", WithMetadata(5'000, 3), StatusCode::kOk, {.heap_size_max = 3 * kMegabyte}),
      Ends("MetadataKey", WithMetadata(1, 60'000), StatusCode::kOk),
      Breaks("MetadataBeyondTheHeader", WithMetadata(7'000, 3)),
  };
}

std::vector<Answer> AgainstTheRules() {
  const std::string hello = hand::Hello();
  return {
      Ends("EndTwice", hello + End() + End(), StatusCode::kOk),
      Ends("EndAndAnotherEnd", hello + End() + hand::EndBare(1, 13), StatusCode::kOk),
      Ends("MessageAfterEnd", hello + End() + hand::Message(1, "x"), StatusCode::kOk),
      Ends("TwoReplies", hello + hand::Message(1, Reply()) + End(), StatusCode::kInternal),
      Ends("NoReply", hello + hand::EndBare(1), StatusCode::kInternal),
      Ends("ReplyThatDoesNotParse", hello + hand::End(1, "\xff"), StatusCode::kInternal),
      Ends("UnknownCode", hello + hand::EndBare(1, 4'000'000), StatusCode::kUnknown),
      Breaks("EndOfNoCall", hello + hand::End(99, Reply())),
      Breaks("MessageOfNoCall", hello + hand::Message(99, "x")),
      Breaks("CreditOfNoCall", hello + hand::Credit(99, 1)),
      Breaks("ClientsFrames", hello + hand::Call(2, echo::Echo::kSay, "")),
      Breaks("UnknownKindThatMatters", hello + hand::Frame({.kind = static_cast<Kind>(63)}),
             StatusCode::kUnimplemented),
      Breaks("PartOfNothing", hello + hand::Message(1, "", hand::kMore)),
      Breaks("NoHello", End()),
      Breaks("HelloTwice", hello + hello),
      Breaks("HelloThatDoesNotParse", hand::Hello("\xff")),
      Breaks("LargeHello", hand::Hello(std::string(65'537, '\0')), StatusCode::kResourceExhausted),
      Breaks("GoawayThatRises", hello + hand::Goaway(1) + hand::Goaway(2)),
      Closes("GoawayWithACode", hello + hand::Goaway(1, 13, "no")),
      Closes("GoawayInsteadOfHello", hand::Goaway(1, 13, "no")),
      Ends("LimitsOfNothing", HelloOf(0, 0) + End(), StatusCode::kOk),
      Ends("LimitsOfOne", HelloOf(1, 1 << 20) + End(), StatusCode::kOk),
      Ends("LimitsBeyondAllNumbers", HelloOf(1ull << 63, 1ull << 63) + End(), StatusCode::kOk),
      Ends("LimitsOfAllBits", HelloOf(UINT64_MAX, UINT64_MAX) + End(), StatusCode::kOk),
  };
}

std::vector<Answer> NoFrames() {
  return {
      Closes("Http", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
      Closes("Text", kChunk),
      Closes("Tls", std::string("\x16\x03\x03\0\x02\x02\x28", 7)),
      Breaks("Zeros", std::string(1'000, '\0')),
      Breaks("RandomRecord",
             std::string("\0\0\x10\0", 4) + Repeated("\xd7\x3a\x9f\x07\xee", 5'000)),
  };
}

// Says `bytes` to the first call of each connection, and serves those that follow.
HostileServer::Script Saying(const std::string& bytes) {
  return [&bytes](HostileConnection& client) {
    if (!client.AwaitCalls(1) || !client.Send(bytes)) return;
    for (size_t count = 2; client.AwaitCalls(count); ++count) {
      client.Send(hand::End(client.calls().back(), Reply()));
    }
  };
}

class AnswerTest : public testing::TestWithParam<Answer> {
 protected:
  static void ExpectConnection(const HostileServer& server, const Channel& channel) {
    const After after = GetParam().after;
    if (after == After::kGoesOn) {
      const WatchedCall next(channel, absl::Seconds(20), std::string(100'000, 'x'));
      EXPECT_TRUE(next.Wait().ok()) << next.Wait();
      EXPECT_EQ(server.seen().goaways, 0u);
    } else {
      EXPECT_TRUE(Eventually([&] { return server.seen().connections_ended == 1; }));
      EXPECT_EQ(server.seen().goaways, after == After::kGoaway ? 1u : 0u);
    }
    if (after == After::kGoaway) {
      EXPECT_EQ(static_cast<StatusCode>(server.seen().goaway_code), GetParam().goaway_code);
    }
    EXPECT_EQ(server.seen().connections, 1u);
    if (after == After::kGoesOn) return;
    // What one server did wrong is no fault of the next call.
    const WatchedCall another(channel, absl::Seconds(20));
    EXPECT_EQ(another.Wait().code(), StatusCode::kUnavailable) << another.Wait();
  }
};

TEST_P(AnswerTest, EndsItsCallOnceAndCostsNoMoreThanItsLimit) {
  const Answer& answer = GetParam();
  ClientAttack attack(answer.name);
  std::optional<WatchedCall> call;
  {
    HostileServer server(Saying(answer.bytes));
    const Channel channel(server.tcp(), {.limits = answer.costs.limits});
    call.emplace(channel, absl::Seconds(20));
    const absl::Status status = attack.Await(*call);
    attack.ExpectInTime(call->took(), absl::ZeroDuration());
    EXPECT_EQ(status.code(), answer.code) << status;
    ExpectConnection(server, channel);
  }
  EXPECT_EQ(call->ends(), 1);
  attack.End({.heap_size_max = answer.costs.heap_size_max,
              .heap_size_left = answer.costs.heap_size_left,
              .cpu = absl::Milliseconds(500)});
}

std::string NameOf(const testing::TestParamInfo<Answer>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(TooLarge, AnswerTest, testing::ValuesIn(TooLarge()), NameOf);
INSTANTIATE_TEST_SUITE_P(Rules, AnswerTest, testing::ValuesIn(AgainstTheRules()), NameOf);
INSTANTIATE_TEST_SUITE_P(NoFrames, AnswerTest, testing::ValuesIn(NoFrames()), NameOf);

}  // namespace
}  // namespace rpc::attacks
