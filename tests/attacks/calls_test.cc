// Calls that are opened only to be given up, bodies that are never what their md5 says, and replies
// that nobody reads.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacker.h"
#include "tests/session/hand_frames.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;

// Ids from here on take four bytes as a varint, up to 2^28: one frame serves for all of them.
constexpr uint64_t kFirstId = 1 << 21;

// Frames of one call as bytes, whose id can be changed in place: encoding a million frames anew
// would take the attacker longer than they take the server.
class Template {
 public:
  explicit Template(std::string bytes) : bytes_(std::move(bytes)) {
    const std::string id = Varint(kFirstId);
    for (size_t at = bytes_.find(id); at != std::string::npos; at = bytes_.find(id, at + 1)) {
      places_.push_back(at);
    }
  }

  // The frames of `count` calls, each with an id of its own above all before.
  std::string Next(int count) {
    std::string all;
    all.reserve(bytes_.size() * static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      const std::string id = Varint(id_++);
      for (const size_t place : places_) bytes_.replace(place, id.size(), id);
      all += bytes_;
    }
    return all;
  }

  uint64_t TakeId() { return id_++; }

 private:
  static std::string Varint(uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    return bytes + static_cast<char>(value);
  }

  std::string bytes_;
  std::vector<size_t> places_;
  uint64_t id_ = kFirstId;
};

// Sends so many calls, some at a time. When they are `awaited`, the server has looked at those
// before it gets more, so that there are always slots.
bool SendCalls(Attacker& attacker, Template& calls, int count, bool awaited) {
  constexpr int kBatch = 400;
  for (int sent = 0; sent < count; sent += kBatch) {
    if (!attacker.Send(calls.Next(std::min(kBatch, count - sent)))) return false;
    if (awaited && !attacker.IsServed(calls.TakeId())) return false;
  }
  return true;
}

// Calls before the measuring: they make the records that all later ones use again.
constexpr int kWarmingUp = 2'000;

std::string LongSleep() {
  echo::SleepRequest request;
  request.set_ms(600'000);
  return request.SerializeAsString();
}

std::string Said(const std::string& text) {
  echo::SayRequest request;
  request.set_text(text);
  return request.SerializeAsString();
}

TEST(CancelledCalls, EndOnceEachAndLeaveNothing) {
  constexpr int kCalls = Sanitized(kOptimised ? 1'000'000 : 100'000, 20'000);
  AttackedServer server;
  Attacker attacker(server.tcp());
  EXPECT_TRUE(attacker.Send(hand::Hello()));
  Template calls(hand::Call(kFirstId, echo::Echo::kSleep, LongSleep()) + hand::Cancel(kFirstId));
  EXPECT_TRUE(SendCalls(attacker, calls, kWarmingUp, true));
  Attack attack(&server, absl::StrCat(kCalls, " calls opened and cancelled"));
  EXPECT_TRUE(SendCalls(attacker, calls, kCalls, true));
  EXPECT_TRUE(server.Eventually([&](const Figures& f) {
    return f.counters.calls_cancelled == kCalls + kWarmingUp && f.counters.calls_open <= 1;
  }));
  const Figures growth = attack.Growth();
  EXPECT_GE(growth.handlers_begun, static_cast<uint64_t>(kCalls));
  EXPECT_LE(growth.handlers_running, 1u);  // the good client's
  EXPECT_EQ(growth.counters.calls_refused, 0u);
  attack.End({.heap_size_max = 2 * kMegabyte,
              .heap_size_left = 200 * kKilobyte,
              .rss_size_max = 4 * kMegabyte,
              .cpu = kCalls * absl::Microseconds(150),
              .wall = kCalls * absl::Microseconds(300)});
}

// The same through the library's own client, from the handler's point of view.
TEST(CancelledCalls, DroppedByAChannelEndOnceEachAndLeaveNothing) {
  constexpr int kCalls = Sanitized(20'000, 2'000);
  AttackedServer server;
  Attack attack(&server, absl::StrCat(kCalls, " calls dropped by a channel"));
  {
    const echo::Echo::Client echo{Channel(server.tcp())};
    EXPECT_TRUE(echo.Say(echo::SayRequest()).Wait().ok());  // so that it is connected
    echo::SleepRequest request;
    request.set_ms(600'000);
    for (int i = 0; i < kCalls; ++i) (void)echo.Sleep(request);
    EXPECT_TRUE(echo.Say(echo::SayRequest()).Wait().ok());
  }
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.connections_open == 1; }));
  const Figures growth = attack.Growth();
  EXPECT_LE(growth.handlers_running, 1u);
  EXPECT_GT(growth.counters.calls_cancelled, 0u);  // they had been sent
  attack.End({.heap_size_max = 4 * kMegabyte,
              .heap_size_left = 2 * kMegabyte,  // records that wait to be used again
              .rss_size_max = 6 * kMegabyte,
              .cpu = absl::Seconds(10),
              .wall = absl::Seconds(30)});
}

// More than calls_max at once, none of which ends.
TEST(TooManyCalls, AreRefusedWithoutAHandler) {
  constexpr int kCalls = Sanitized(kOptimised ? 200'000 : 50'000, 10'000);
  AttackedServer server;
  Attack attack(&server, absl::StrCat(kCalls, " calls beyond calls_max"));
  Attacker attacker(server.tcp());
  EXPECT_TRUE(attacker.Send(hand::Hello()));
  Template calls(hand::Call(kFirstId, echo::Echo::kSleep, LongSleep()));
  EXPECT_TRUE(SendCalls(attacker, calls, kCalls, false));
  EXPECT_TRUE(server.Eventually([&](const Figures& f) {
    return attacker.Read() && f.counters.calls_refused == kCalls - session::kCallsMaxDefault;
  }));
  EXPECT_GE(server.counters().calls_open, session::kCallsMaxDefault);
  attacker = Attacker(server.tcp());  // the one before has left
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.calls_open <= 1; }));
  attack.End({.heap_size_max = 4 * kMegabyte,
              .heap_size_left = 3 * kMegabyte,  // records that wait to be used again
              .rss_size_max = 6 * kMegabyte,
              .cpu = absl::Seconds(15),
              .wall = absl::Seconds(30)});
}

std::string WithWrongMd5(const std::string& body) {
  return hand::FrameAsItIs({.call = kFirstId,
                            .flags = hand::kLast,
                            .name = echo::Echo::kSay,
                            .size = body.size(),
                            .md5 = "0123456789abcdef"},
                           body);
}

// Each ends its call DATA_LOSS, and no more.
void ExpectDamageIsFound(size_t body_size, int calls, const Bounds& bounds) {
  AttackedServer server;
  Attacker attacker(server.tcp());
  EXPECT_TRUE(attacker.Send(hand::Hello()));
  Template damaged(WithWrongMd5(Said(std::string(body_size, 'x'))));
  EXPECT_TRUE(SendCalls(attacker, damaged, kWarmingUp, true));
  Attack attack(&server, absl::StrCat(calls, " bodies of ", body_size, " bytes with a wrong md5"));
  EXPECT_TRUE(SendCalls(attacker, damaged, calls, true));
  const auto damages = static_cast<uint64_t>(calls + kWarmingUp);
  EXPECT_TRUE(
      server.Eventually([&](const Figures& f) { return f.counters.bodies_corrupted == damages; }));
  EXPECT_NE(attacker.last_received().find(std::string("\x40\x0f", 2)), std::string::npos)
      << "code 15, DATA_LOSS";
  attack.End(bounds);
}

TEST(WrongMd5, OfSmallBodiesEndsTheirCallsAtALowPrice) {
  constexpr int kCalls = Sanitized(kOptimised ? 200'000 : 50'000, 5'000);
  ExpectDamageIsFound(10, kCalls,
                      {.heap_size_max = 2 * kMegabyte,
                       .heap_size_left = 200 * kKilobyte,
                       .rss_size_max = 4 * kMegabyte,
                       .cpu = kCalls * absl::Microseconds(100),
                       .wall = absl::Seconds(20)});
}

TEST(WrongMd5, OfLargeBodiesEndsTheirCallsAtALowPrice) {
  constexpr int kCalls = Sanitized(kOptimised ? 5'000 : 1'000, 500);
  ExpectDamageIsFound(60'000, kCalls,
                      {.heap_size_max = 4 * kMegabyte,
                       .heap_size_left = 2 * kMegabyte,
                       .rss_size_max = 6 * kMegabyte,
                       .cpu = kCalls * absl::Milliseconds(1),
                       .wall = absl::Seconds(20)});
}

// Of a server that asks who is silent soon.
constexpr session::Limits kWatchful = {.keepalive_idle_us = session::kSecondUs / 2,
                                       .keepalive_timeout_us = session::kSecondUs / 2};

std::string AskForChunks(uint64_t call, uint64_t size, uint32_t count) {
  interop::ProduceRequest request;
  interop::Part* part = request.add_parts();
  part->set_size(size);
  part->set_count(count);
  return hand::Call(call, interop::Interop::kProduce, request.SerializeAsString());
}

std::string AskForPayload(uint64_t call, uint64_t size) {
  interop::UnaryRequest request;
  request.set_reply_size(size);
  return hand::Call(call, interop::Interop::kUnary, request.SerializeAsString());
}

// `connections` that all send this, and read nothing of what comes.
void ExpectUnreadIsBounded(const std::string& name, int connections, const std::string& frames,
                           const Bounds& bounds) {
  AttackedServer server(kWatchful);
  Attack attack(&server, name);
  Attackers attackers = Connect(server.tcp(), connections);
  for (Attacker& attacker : attackers) attacker.SendUnread(frames);
  EXPECT_TRUE(server.Eventually([&](const Figures& f) {
    return f.counters.dead == static_cast<uint64_t>(connections) &&
           f.counters.connections_open == 1 && f.counters.calls_open <= 1;
  }));
  attack.End(bounds);
}

TEST(UnreadReplies, OfStreamsWaitInTheirHandlers) {
  constexpr int kConnections = Sanitized(20, 5);
  std::string frames = hand::Hello();
  for (uint64_t call = 1; call <= 20; ++call) {
    frames += AskForChunks(call, 50'000, 1'000'000);
    frames += hand::Credit(call, 1ull << 50);
  }
  // Of each connection: what could be written now, and the chunk that each handler holds.
  ExpectUnreadIsBounded("streams that nobody reads", kConnections, frames,
                        {.heap_size_max = kConnections * 4 * kMegabyte,
                         .heap_size_left = 8 * kMegabyte,
                         .rss_size_max = kConnections * 4 * kMegabyte,
                         .cpu = absl::Seconds(10),
                         .wall = absl::Seconds(20)});
}

// Of 1 MiB each: more than a connection may hold, and than one may ask for.
constexpr uint64_t kUnreadCalls = Sanitized(1'000, 100);

TEST(UnreadReplies, OfUnaryCallsWithoutHelloAreBounded) {
  constexpr int kConnections = 2;
  std::string frames;
  for (uint64_t call = 1; call <= kUnreadCalls; ++call) frames += AskForPayload(call, 1 << 20);
  ExpectUnreadIsBounded("replies without HELLO that nobody reads", kConnections, frames,
                        {.heap_size_max = kConnections * 70 * kMegabyte,
                         .heap_size_left = 8 * kMegabyte,
                         .rss_size_max = kConnections * 70 * kMegabyte,
                         .cpu = absl::Seconds(20),
                         .wall = absl::Seconds(30)});
}

TEST(UnreadReplies, OfUnaryCallsWithMuchCreditAreBounded) {
  constexpr int kConnections = 2;
  std::string frames = hand::Hello();
  for (uint64_t call = 1; call <= kUnreadCalls; ++call) {
    frames += AskForPayload(call, 1 << 20) + hand::Credit(call, 1ull << 50);
  }
  ExpectUnreadIsBounded("replies with much credit that nobody reads", kConnections, frames,
                        {.heap_size_max = kConnections * 70 * kMegabyte,
                         .heap_size_left = 8 * kMegabyte,
                         .rss_size_max = kConnections * 70 * kMegabyte,
                         .cpu = absl::Seconds(20),
                         .wall = absl::Seconds(30)});
}

}  // namespace
}  // namespace rpc::attacks
