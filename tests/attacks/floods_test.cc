// Frames that ask for nothing, as many as go: what they cost, and how little comes back.
#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacker.h"
#include "tests/attacks/repeated.h"
#include "tests/session/hand_frames.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;
using wire::Kind;

struct Flood {
  std::string name;
  std::string first = {};  // before it
  std::string frame = {};  // again and again
  // What may come back: bytes in all, and as many again in each second, for the PONGs.
  uint64_t answer_size_max = 200;
};

std::ostream& operator<<(std::ostream& out, const Flood& flood) { return out << flood.name; }

std::string OfKind(int kind, uint64_t call = 0, std::string_view body = "") {
  return hand::Frame({.kind = static_cast<Kind>(kind), .call = call}, body);
}

std::string OpenSum() { return hand::Hello() + hand::BareCall(1, echo::Echo::kSum); }

// A handler that rests after the first item.
std::string OpenUnread() {
  interop::Item item;
  item.set_pause_ms(600'000);
  return hand::Hello() + hand::BareCall(1, interop::Interop::kCollect) +
         hand::Message(1, item.SerializeAsString());
}

// Those that are within the rules: the connection lives on.
std::vector<Flood> AllowedFloods() {
  const std::string ended = OpenSum() + hand::Cancel(1);
  return {
      {"Ping", hand::Hello(), hand::Ping()},
      {"PingsWithBodies", hand::Hello(), OfKind(5, 0, std::string(1000, 'x'))},
      {"PongThatAnswersNothing", hand::Hello(), hand::Pong()},
      {"CreditOfAnOpenCall", OpenSum(), hand::Credit(1, 1 << 20)},
      {"CreditOfAnEndedCall", ended, hand::Credit(1, 1 << 20)},
      {"CancelOfAnEndedCall", ended, hand::Cancel(1)},
      {"MessagesOfAnEndedCall", ended, hand::Message(1, std::string(100, 'x'))},
      {"UnknownKindThatIsIgnored", hand::Hello(), OfKind(64, 7)},
      {"UnknownKindWithABody", hand::Hello(), OfKind(1000, 7, std::string(1000, 'x'))},
      {"UnknownFields", hand::Hello(),
       hand::Record("\x20\x05\xa2\x06\x04"
                    "abcd")},
  };
}

// Those that end the connection with the first of them: the attacker comes again and again.
std::vector<Flood> ForbiddenFloods() {
  return {
      {"HelloAgain", hand::Hello(), hand::Hello()},
      {"CancelOfAnUnknownCall", hand::Hello(), hand::Cancel(7)},
      {"CreditOfAnUnknownCall", hand::Hello(), hand::Credit(7, 1 << 20)},
      {"MessageOfAnUnknownCall", hand::Hello(), hand::Message(7, "x")},
      {"UnknownKindThatMatters", hand::Hello(), OfKind(63)},
      {"EmptyFrames", hand::Hello(), std::string(4, '\0')},
      {"ServersFrames", hand::Hello(), hand::End(1, "x")},
      // Each costs 64 bytes of credit, and their handler reads none of them.
      {"EmptyMessages", OpenUnread(), hand::Message(1, "")},
  };
}

class AllowedFloodTest : public testing::TestWithParam<Flood> {};

TEST_P(AllowedFloodTest, CostsLittleAndIsHardlyAnswered) {
  const Flood& flood = GetParam();
  const std::string batch = Repeated(flood.frame, 64 << 10);
  const size_t frames = batch.size() / flood.frame.size();
  const size_t batches = static_cast<size_t>(Sanitized(300'000, 5'000)) / frames + 1;
  AttackedServer server;
  Attack attack(&server, "flood: " + flood.name);
  Attacker attacker(server.tcp());
  EXPECT_TRUE(attacker.Send(flood.first));
  for (size_t i = 0; i < batches; ++i) ASSERT_TRUE(attacker.Send(batch));
  EXPECT_TRUE(attacker.IsServed(99));
  const double seconds = absl::ToDoubleSeconds(attack.wall());
  EXPECT_LE(static_cast<double>(attacker.received_size()),
            static_cast<double>(flood.answer_size_max) * (1 + seconds));
  attack.End({.heap_size_max = kMegabyte,
              .heap_size_left = 100 * kKilobyte,
              .rss_size_max = 2 * kMegabyte,
              .cpu = static_cast<double>(frames * batches) * absl::Microseconds(20),
              .wall = absl::Seconds(20)});
}

INSTANTIATE_TEST_SUITE_P(Each, AllowedFloodTest, testing::ValuesIn(AllowedFloods()),
                         [](const auto& info) { return info.param.name; });

class ForbiddenFloodTest : public testing::TestWithParam<Flood> {};

// What follows the first of them is read and dropped.
TEST_P(ForbiddenFloodTest, EndsItsConnectionEachTime) {
  constexpr int kConnections = Sanitized(100, 20);
  const Flood& flood = GetParam();
  const std::string bytes = flood.first + Repeated(flood.frame, 64 << 10);
  AttackedServer server;
  Attack attack(&server, "forbidden flood: " + flood.name);
  uint64_t answers_size = 0;
  for (int i = 0; i < kConnections; ++i) {
    Attacker attacker(server.tcp());
    attacker.Send(bytes);
    // Its HELLO and its GOAWAY; that it closes may take a second.
    EXPECT_TRUE(attacker.ReadUntil(20) || attacker.ended());
    answers_size += attacker.received_size();
  }
  EXPECT_TRUE(server.Eventually([](const Figures& f) {
    return f.counters.broken_rules + f.counters.bad_frames == kConnections &&
           f.counters.connections_open == 1;
  }));
  EXPECT_LE(answers_size, kConnections * flood.answer_size_max);
  attack.End({.heap_size_max = kMegabyte,
              .heap_size_left = 100 * kKilobyte,
              .rss_size_max = 3 * kMegabyte,
              .cpu = absl::Seconds(4),
              .wall = absl::Seconds(20)});
}

INSTANTIATE_TEST_SUITE_P(Each, ForbiddenFloodTest, testing::ValuesIn(ForbiddenFloods()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rpc::attacks
