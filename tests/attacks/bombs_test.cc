// Small bodies that expand to much.
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacker.h"
#include "tests/session/hand_frames.h"
#include "tests/support/eventually.h"
#include "tests/wire/zstd_frames.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;

constexpr int kInvalidArgument = 3;
constexpr int kResourceExhausted = 8;
constexpr int kDataLoss = 15;
constexpr int64_t kMessageMax = 16 << 20;  // the default

struct Bomb {
  std::string name;
  std::string body;
  int code;
};

std::ostream& operator<<(std::ostream& out, const Bomb& bomb) { return out << bomb.name; }

std::vector<Bomb> Bombs() {
  return {
      // 100 MiB in some 10 KiB.
      {"SaysHowMuch", wire::Streamed(100 << 20, 'x', {.announce = true}), kResourceExhausted},
      {"DoesNotSay", wire::Streamed(100 << 20, 'x'), kResourceExhausted},
      {"Lies", wire::AnnouncedWindowFrame(20, 0x7fffffff, "x"), kResourceExhausted},
      {"WantsALargeWindow", wire::WindowFrame(30, 0, "x"), kDataLoss},
      {"WantsTheLargestWindow", wire::WindowFrame(23, 0, "no request"), kInvalidArgument},
      {"IsABombInABomb", hand::Zstd(wire::Streamed(100 << 20, 'x')), kInvalidArgument},
  };
}

std::string Call(uint64_t call, std::string_view method, const std::string& body) {
  return hand::Frame(
      {.call = call, .flags = hand::kLast, .name = method, .encoding = wire::Encoding::kZstd},
      body);
}

class BombTest : public testing::TestWithParam<Bomb> {};

TEST_P(BombTest, IsExpandedNoFurtherThanOneMessage) {
  constexpr int kConnections = Sanitized(20, 5);
  constexpr int kBombs = Sanitized(10, 3);  // of each
  AttackedServer server;
  Attack attack(&server, "bomb: " + GetParam().name);
  Attackers attackers = Connect(server.tcp(), kConnections);
  std::string frames = hand::Hello();
  for (uint64_t call = 1; call <= kBombs; ++call)
    frames += Call(call, echo::Echo::kSay, GetParam().body);
  for (Attacker& attacker : attackers) EXPECT_TRUE(attacker.Send(frames));
  const std::string code = {'\x40', static_cast<char>(GetParam().code)};
  for (Attacker& attacker : attackers) {
    EXPECT_TRUE(attacker.IsServed(kBombs + 1));
    EXPECT_NE(attacker.last_received().find(code), std::string::npos);
  }
  attackers.clear();
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.connections_open == 1; }));
  // None of them is lost from the books.
  EXPECT_TRUE(server.Eventually([](const Figures& f) {
    return f.counters.calls_refused + f.counters.calls_failed == uint64_t{kConnections} * kBombs;
  }));
  // One at a time is expanded, into memory that grows to twice the limit while half of it is moved.
  attack.End({.heap_size_max = 4 * kMessageMax,
              .heap_size_left = 12 * kMegabyte,
              .rss_size_max = 4 * kMessageMax + 8 * kMegabyte,
              .cpu = absl::Seconds(10),
              .wall = absl::Seconds(20)});
}

INSTANTIATE_TEST_SUITE_P(Each, BombTest, testing::ValuesIn(Bombs()),
                         [](const auto& info) { return info.param.name; });

// Each is a message within the limit, for a handler that sleeps: what a few bytes make the server
// hold meanwhile counts as memory of their connection.
TEST(BombsThatAreHeld, AreWithinTheMemoryOfTheirConnection) {
  constexpr int kCalls = Sanitized(200, 50);
  constexpr int64_t kMemoryMax = 8 * kMegabyte;
  AttackedServer server({.message_size_max = 1 << 20, .memory_size_max = kMemoryMax});
  Attack attack(&server, "bombs that handlers hold");
  // SleepRequest {ms: 600000} with an unknown field of nearly 1 MiB.
  const std::string request = std::string("\x08\xc0\xcf\x24", 4) +
                              std::string("\x7a\x80\x80\x3c", 4) + std::string(0x0f0000, 'x');
  const std::string body = hand::Zstd(request);
  Attacker attacker(server.tcp());
  EXPECT_TRUE(attacker.Send(hand::Hello()));
  for (uint64_t call = 1; call <= kCalls; ++call) {
    EXPECT_TRUE(attacker.Send(Call(call, echo::Echo::kSleep, body)));
  }
  EXPECT_TRUE(attacker.Send(hand::Ping()));
  EXPECT_TRUE(Eventually(
      [&] { return attacker.Read() && attacker.last_received().ends_with(hand::Pong()); }));
  EXPECT_GE(server.counters().calls_open, 4u);
  EXPECT_LE(server.counters().calls_open, static_cast<uint64_t>(kMemoryMax / kMegabyte + 2));
  attacker = Attacker(server.tcp());
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.calls_open <= 1; }));
  // Each of them twice, as it came and as the handler has it, with room to grow.
  attack.End({.heap_size_max = 5 * kMemoryMax,
              .heap_size_left = 2 * kMegabyte,
              .rss_size_max = 6 * kMemoryMax,
              .cpu = absl::Seconds(5),
              .wall = absl::Seconds(10)});
}

}  // namespace
}  // namespace rpc::attacks
