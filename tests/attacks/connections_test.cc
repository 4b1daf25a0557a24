// Connections that say too little, too slowly, or are too many.
#include <string>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacker.h"
#include "tests/session/hand_frames.h"
#include "tests/support/eventually.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;

// For the first header, and for a handshake.
constexpr absl::Duration kPatience = absl::Seconds(4);
constexpr session::TimeUs kPatienceUs = 4 * session::kSecondUs;

// Gives each a byte more of `bytes`, and again after a second, until all are sent away. False when
// they are there still.
bool Drip(Attackers& attackers, const std::string& bytes) {
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    for (Attacker& attacker : attackers) {
      if (attacker.Read()) attacker.SendUnread(bytes.substr(i, 1));
    }
    if (Remaining(attackers) == 0) return true;
    absl::SleepFor(absl::Seconds(1));
  }
  return false;
}

// Silence after which a client is asked, or is dead where it cannot be.
const session::Limits kWatchful = {.keepalive_idle_us = 2 * session::kSecondUs,
                                   .keepalive_timeout_us = session::kSecondUs};

// Far more than can be said by then.
std::string LongCall() {
  return hand::Frame({.call = 1, .name = echo::Echo::kSay, .message = std::string(1000, 'x')});
}

// The first of a TLS handshake: a record of 512 bytes.
std::string StartOfClientHello() {
  return std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11) + std::string(506, 'r');
}

TEST(SlowConnections, ThatSayAHeaderByteByByteAreSentAwayAtTheDeadline) {
  constexpr int kCount = Sanitized(2'000, 200);
  AttackedServer server({.first_header_timeout_us = kPatienceUs});
  Attack attack(&server, "a header byte by byte");
  Attackers attackers = Connect(server.tcp(), kCount);
  EXPECT_TRUE(Drip(attackers, LongCall()));
  EXPECT_GE(attack.wall(), kPatience * 0.9);
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.silent == kCount; }));
  attack.End({.heap_size_max = kCount * 2 * kKilobyte,
              .heap_size_left = 300 * kKilobyte,
              .rss_size_max = kCount * 2 * kKilobyte + 2 * kMegabyte,
              .cpu = absl::Seconds(3),
              .wall = kPatience * 2});
}

TEST(SlowConnections, ThatShakeHandsByteByByteAreSentAwayAtTheDeadline) {
  constexpr int kCount = Sanitized(900, 100);  // fewer than would make the oldest give way
  AttackedServer server(ServerPlan{.options = {.handshake_timeout = kPatience}});
  Attack attack(&server, "a TLS handshake byte by byte");
  Attackers attackers = Connect(server.tls(), kCount);
  EXPECT_TRUE(Drip(attackers, StartOfClientHello()));
  EXPECT_GE(attack.wall(), kPatience * 0.9);
  EXPECT_TRUE(
      server.Eventually([](const Figures& f) { return f.counters.handshakes_failed == kCount; }));
  attack.End({.heap_size_max = kCount * 96 * kKilobyte,
              .heap_size_left = 500 * kKilobyte,
              .rss_size_max = kCount * 96 * kKilobyte + 2 * kMegabyte,
              .cpu = absl::Seconds(3),
              .wall = kPatience * 2});
}

// What has come of a body is held, and no more, until its client is found dead.
void ExpectLeftBodiesAreBounded(const std::string& name, const std::string& greeting) {
  constexpr int kCount = Sanitized(500, 50);
  constexpr size_t kBegun = 16 << 10;
  AttackedServer server(kWatchful);
  Attack attack(&server, name);
  Attackers attackers = Connect(server.tcp(), kCount);
  const std::string call = hand::Call(1, echo::Echo::kSay, std::string(60'000, 'x'));
  for (Attacker& attacker : attackers)
    EXPECT_TRUE(attacker.Send(greeting + call.substr(0, kBegun)));
  EXPECT_TRUE(AllEnd(attackers, absl::Seconds(Sanitized(15, 60))));
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.dead == kCount; }));
  attack.End({.heap_size_max = kCount * static_cast<int64_t>(2 * kBegun + 4 * kKilobyte),
              .heap_size_left = 500 * kKilobyte,
              .rss_size_max = kCount * static_cast<int64_t>(2 * kBegun + 8 * kKilobyte),
              .cpu = absl::Seconds(2),
              .wall = absl::Seconds(10)});
}

TEST(LeftBodies, OfClientsThatAreAskedAreSentAwayAtTheDeadline) {
  ExpectLeftBodiesAreBounded("bodies that are begun and left", hand::Hello());
}

TEST(LeftBodies, WithoutHelloAreSentAwayAtTheDeadline) {
  ExpectLeftBodiesAreBounded("bodies without HELLO that are begun and left", "");
}

// To read a byte a second makes no room for more: it counts as not reading at all.
TEST(SlowReaders, ThatReadAByteASecondAreSentAwayAtTheDeadline) {
  constexpr int kCount = Sanitized(50, 10);
  AttackedServer server(kWatchful);
  Attack attack(&server, "replies of 4 MiB read byte by byte");
  Attackers attackers = Connect(server.tcp(), kCount);
  interop::UnaryRequest request;
  request.set_reply_size(4 << 20);
  const std::string call = hand::Call(1, interop::Interop::kUnary, request.SerializeAsString());
  for (Attacker& attacker : attackers) attacker.SendUnread(call);
  EXPECT_TRUE(Eventually(
      [&] {
        for (Attacker& attacker : attackers) attacker.ReadByte();
        absl::SleepFor(absl::Seconds(1));
        return server.counters().dead == kCount;
      },
      absl::Seconds(Sanitized(20, 60))));
  attack.End({.heap_size_max = kCount * 9 * kMegabyte,
              .heap_size_left = 8 * kMegabyte,
              .rss_size_max = kCount * 9 * kMegabyte,
              .cpu = absl::Seconds(5),
              .wall = absl::Seconds(20)});
}

TEST(SilentConnections, AreSmallAndSentAwayAtTheDeadline) {
  constexpr int kCount = Sanitized(10'000, 500);
  ASSERT_GE(RaiseDescriptorLimit(), kCount + 200) << "raise the limit of open files (ulimit -Hn)";
  constexpr session::TimeUs kLongerUs = 5 * session::kSecondUs;
  AttackedServer server({.first_header_timeout_us = kLongerUs});
  Attack attack(&server, std::to_string(kCount) + " connections that say nothing");
  Attackers attackers = Connect(server.tcp(), kCount);
  EXPECT_TRUE(server.Eventually(
      [](const Figures& f) { return f.counters.connections_accepted == 1u + kCount; }));
  EXPECT_TRUE(AllEnd(attackers, absl::Seconds(Sanitized(15, 120))));
  EXPECT_TRUE(server.Eventually([](const Figures& f) {
    return f.counters.silent == static_cast<uint64_t>(kCount) && f.counters.connections_open == 1;
  }));
  attack.End({.heap_size_max = kCount * kKilobyte,
              .heap_size_left = kCount * 100,
              .rss_size_max = kCount * kKilobyte + 2 * kMegabyte,
              .cpu = absl::Seconds(4),
              .wall = absl::Seconds(20)});
}

TEST(TooManyConnections, AreClosedAsTheyCome) {
  constexpr int kMax = 100;
  constexpr int kCount = Sanitized(5'000, 500);
  AttackedServer server(ServerPlan{.options = {.connections_max = kMax}});
  Attack attack(&server, "connections beyond connections_max");  // its client is one of them
  Attackers attackers;
  for (int i = 0; i < kCount; ++i) {
    attackers.emplace_back(server.tcp());
    attackers.back().SendUnread(LongCall().substr(0, 4));
  }
  EXPECT_TRUE(server.Eventually(
      [](const Figures& f) { return f.counters.connections_refused == kCount + 1u - kMax; }));
  EXPECT_EQ(server.counters().connections_open, kMax);
  EXPECT_TRUE(Eventually([&] { return Remaining(attackers) == kMax - 1; }));
  attackers.clear();
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.connections_open == 1; }));
  attack.End({.heap_size_max = kMegabyte,
              .heap_size_left = 100 * kKilobyte,
              .rss_size_max = 2 * kMegabyte,
              .cpu = absl::Seconds(3),
              .wall = absl::Seconds(15)});
}

// They come, are heard, and go: nothing of them is kept.
TEST(ShortConnections, LeaveNothingBehind) {
  constexpr int kCount = Sanitized(5'000, 500);
  AttackedServer server;
  Attack attack(&server, "connections that come and go");
  const std::string call = hand::Call(0, echo::Echo::kSay, "");
  for (int i = 0; i < kCount; ++i) {
    Attacker attacker(server.tcp());
    if (i % 2 == 0) attacker.SendUnread(call);
  }
  EXPECT_TRUE(server.Eventually([](const Figures& f) {
    return f.counters.connections_accepted == 1u + kCount && f.counters.connections_open == 1;
  }));
  // But for a moment one of the good client's.
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.handlers_running == 0; }));
  attack.End({.heap_size_max = 4 * kMegabyte,
              .heap_size_left = 100 * kKilobyte,
              .rss_size_max = 6 * kMegabyte,
              .cpu = absl::Seconds(4),
              .wall = absl::Seconds(15)});
}

}  // namespace
}  // namespace rpc::attacks
