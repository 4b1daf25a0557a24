// A client whose server answers late, never, or wants it to try again.
#include <optional>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "rpc/wire/header.pb.h"
#include "services/interop/interop.rpc.h"
#include "tests/attacks/client_attack.h"
#include "tests/attacks/hostile_server.h"
#include "tests/session/hand_frames.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;
using absl::StatusCode;
using wire::Kind;

// A call that ends at its deadline, whatever the script does.
void ExpectDeadline(const std::string& name, const HostileServer::Script& script) {
  ClientAttack attack(name);
  std::optional<WatchedCall> call;
  {
    HostileServer server(script);
    call.emplace(Channel(server.tcp()), absl::Seconds(2));
    const absl::Status status = attack.Await(*call);
    EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status;
    EXPECT_GE(call->took(), absl::Seconds(2));
    EXPECT_EQ(server.seen().connections, 1u);
  }
  EXPECT_EQ(call->ends(), 1);
  attack.End(kLittle);
}

TEST(SlowServers, ThatSayNothingAreLeftAtTheDeadline) {
  ExpectDeadline("silence", [](HostileConnection&) {});
}

TEST(SlowServers, ThatSayHelloOnlyAreLeftAtTheDeadline) {
  ExpectDeadline("HELLO and silence",
                 [](HostileConnection& client) { client.Send(hand::Hello()); });
}

TEST(SlowServers, ThatReplyByteByByteAreLeftAtTheDeadline) {
  ExpectDeadline("a byte a second", [](HostileConnection& client) {
    if (!client.AwaitCalls(1)) return;
    client.SendSlowly(hand::Hello() + hand::End(1, "x"), absl::Seconds(1));
  });
}

TEST(SlowServers, ThatReplyPartByPartAreLeftAtTheDeadline) {
  ExpectDeadline("a part each 10 ms", [](HostileConnection& client) {
    if (!client.AwaitCalls(1) || !client.Send(hand::Hello())) return;
    while (client.Send(hand::Message(1, "x", hand::kMore))) {
      client.ReadFor(absl::Milliseconds(10));
    }
  });
}

// It has granted all the credit that there is: what bounds the client is its own output.
TEST(SlowServers, ThatReadNothingMakeWritesWait) {
  wire::Hello hello;
  hello.set_call_window((1ull << 53) - 1);
  ClientAttack attack("credit for all, and nothing is read");
  {
    HostileServer server([&](HostileConnection& client) {
      if (!client.AwaitCalls(1) || !client.Send(hand::Hello(hello.SerializeAsString()))) return;
      client.RestFor(absl::Minutes(10));
    });
    const interop::Interop::Client interop{Channel(server.tcp())};
    interop::Item item;
    item.set_payload(std::string(60'000, 'x'));
    const absl::Time begin = absl::Now();
    auto collected = interop.Collect({.timeout = absl::Seconds(2)});
    while (collected.Write(item).Wait()) continue;
    const absl::Status status = std::move(collected).Wait().status();
    attack.ExpectInTime(absl::Now() - begin, absl::Seconds(2));
    EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status;
  }
  attack.End(kLittle);
}

// A server that says that no handler has seen the call, each time: it is made twice.
void ExpectOneRepeat(const std::string& name, const HostileServer::Script& script) {
  ClientAttack attack(name);
  std::optional<WatchedCall> call;
  {
    HostileServer server(script);
    const Channel channel(server.tcp());
    call.emplace(channel, absl::Seconds(5));
    const absl::Status status = attack.Await(*call);
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status;
    absl::SleepFor(absl::Milliseconds(200));
    EXPECT_EQ(server.seen().calls, 2u);
  }
  EXPECT_EQ(call->ends(), 1);
  attack.End(kLittle);
}

TEST(UnseenCalls, AreRepeatedOnce) {
  ExpectOneRepeat("END UNSEEN again and again", [](HostileConnection& client) {
    client.Send(hand::Hello());
    for (size_t count = 1; client.AwaitCalls(count); ++count) {
      client.Send(hand::EndBare(client.calls().back(), 14, "no", hand::kUnseen));
    }
  });
}

TEST(UnseenCalls, AreRepeatedOnceOnAnotherConnection) {
  ExpectOneRepeat("GOAWAY below every call", [](HostileConnection& client) {
    if (client.AwaitCalls(1)) client.Send(hand::Hello() + hand::Goaway(0));
  });
}

TEST(WrongMd5, OfEveryReplyEndsEachCallAndNothingElse) {
  constexpr int kCalls = Sanitized(2'000, 100);
  ClientAttack attack("wrong md5");
  {
    HostileServer server([](HostileConnection& client) {
      client.Send(hand::Hello());
      for (size_t count = 1; client.AwaitCalls(count); ++count) {
        client.Send(hand::FrameAsItIs({.kind = Kind::kEnd,
                                       .call = client.calls().back(),
                                       .size = 1,
                                       .md5 = "0123456789abcdef"},
                                      "x"));
      }
    });
    const Channel channel(server.tcp());
    for (int i = 0; i < kCalls; ++i) {
      const absl::Status status = attack.Await(WatchedCall(channel, absl::Seconds(5)));
      ASSERT_EQ(status.code(), StatusCode::kDataLoss) << status;
    }
    EXPECT_EQ(server.seen().calls, static_cast<uint64_t>(kCalls));
    EXPECT_EQ(server.seen().connections, 1u);
    EXPECT_EQ(server.seen().cancels + server.seen().goaways, 0u);
  }
  attack.End({.heap_size_max = 2 * kMegabyte,
              .heap_size_left = kMegabyte,
              .cpu = kCalls * absl::Milliseconds(2)});
}

}  // namespace
}  // namespace rpc::attacks
