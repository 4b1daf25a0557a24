// What large messages leave behind.
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacker.h"
#include "tests/session/hand_frames.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;

// A request of some 1 MB whose handler sleeps: the filler is a field that it does not know.
std::string LongRequest() {
  echo::SleepRequest request;
  request.set_ms(600'000);
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(
      15, std::string(1'000'000, 'x'));
  return request.SerializeAsString();
}

TEST(LargeMessages, LeaveNoMemoryWithTheProcess) {
  constexpr int kConnections = Sanitized(10, 2);
  constexpr uint64_t kCalls = 20;
  AttackedServer server;
  Attack attack(&server, "requests of 1 MB that handlers hold, then gone");
  const int64_t before = server.figures().rss_size;
  {
    std::string frames;
    const std::string request = LongRequest();
    for (uint64_t call = 1; call <= kCalls; ++call) {
      frames += hand::Call(call, echo::Echo::kSleep, request);
    }
    Attackers attackers = Connect(server.tcp(), kConnections);
    for (Attacker& attacker : attackers) EXPECT_TRUE(attacker.Send(frames));
    EXPECT_TRUE(server.Eventually(
        [](const Figures& f) { return f.handlers_running >= kConnections * kCalls; }));
    if (!kSanitized) {
      EXPECT_GT(server.figures().rss_size - before, 180 * kMegabyte);
    }
  }
  EXPECT_TRUE(server.Eventually([](const Figures& f) {
    return f.handlers_running <= 1 && f.counters.connections_open == 1;
  }));
  if (!kSanitized) {  // whose memory is its own
    EXPECT_TRUE(server.Eventually([&](const Figures& f) {
      return f.rss_size - before < 12 * kMegabyte;
    })) << server.figures().rss_size - before
        << " bytes are left";
  }
  attack.End({.heap_size_max = 250 * kMegabyte,
              .heap_size_left = 2 * kMegabyte,
              .rss_size_max = 300 * kMegabyte,
              .cpu = absl::Seconds(5),
              .wall = absl::Seconds(15)});
}

}  // namespace
}  // namespace rpc::attacks
