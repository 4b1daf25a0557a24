// A client whose server closes its connections, or lets TLS handshakes fail.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "tests/attacks/client_attack.h"
#include "tests/attacks/hostile_server.h"
#include "tests/net/tls_pair.h"
#include "tests/session/hand_frames.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;
using absl::StatusCode;

constexpr absl::Duration kBackoffMin = absl::Milliseconds(50);
// From the pauses of 50 ms, 100 ms and so on at most a half is taken off: attempts come no earlier
// than after 0, 25, 75, 175, 375, 775 and 1,575 ms.
constexpr uint64_t kAttemptsIn2S = 7;

Tls ClientTls() { return *Tls::Client(net::TlsTestFiles::Get().Client()); }

void CloseAtOnce(HostileConnection& client) { client.Close(); }

constexpr ClientBounds kBounds = {
    .heap_size_max = 2 << 20, .heap_size_left = 1 << 20, .cpu = absl::Milliseconds(1'500)};

// One call over a connection of TLS.
class TlsAttack {
 public:
  TlsAttack(const std::string& name, HostileServer::Script script)
      : attack_(name), server_(std::in_place, std::move(script)) {}

  // The status that it ends with, before so long has passed.
  absl::Status Call(absl::Duration expected, absl::Duration timeout = absl::Seconds(30),
                    absl::Duration connect_timeout = absl::Seconds(30)) {
    const Channel channel(server_->tls(), {.connect_timeout = connect_timeout, .tls = &tls_});
    const WatchedCall call(channel, timeout);
    absl::Status status = attack_.Await(call);
    attack_.ExpectInTime(call.took(), expected);
    EXPECT_EQ(server_->seen().connections, 1u);
    server_.reset();
    EXPECT_EQ(call.ends(), 1);
    return status;
  }
  void End() { attack_.End(kBounds); }

 private:
  Tls tls_ = ClientTls();
  ClientAttack attack_;
  std::optional<HostileServer> server_;
};

TEST(TlsServers, ThatStallTheHandshakeAreLeftAtTheDeadline) {
  TlsAttack attack("a TLS handshake that stalls, until the deadline", [](HostileConnection&) {});
  EXPECT_EQ(attack.Call(absl::Seconds(1), absl::Seconds(1)).code(), StatusCode::kDeadlineExceeded);
  attack.End();
}

TEST(TlsServers, ThatStallTheHandshakeAreLeftAfterTheConnectTimeout) {
  TlsAttack attack("a TLS handshake that stalls, until it is given up", [](HostileConnection&) {});
  EXPECT_EQ(attack.Call(absl::Seconds(1), absl::Seconds(30), absl::Seconds(1)).code(),
            StatusCode::kUnavailable);
  attack.End();
}

TEST(TlsServers, ThatAnswerWithPlainTextAreLeftAtOnce) {
  TlsAttack attack("plain text for TLS", [](HostileConnection& client) {
    client.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  EXPECT_EQ(attack.Call(absl::ZeroDuration()).code(), StatusCode::kUnavailable);
  attack.End();
}

TEST(TlsServers, ThatAnswerWithPlainFramesAreLeftAtOnce) {
  TlsAttack attack("plain frames for TLS", [](HostileConnection& client) {
    client.Send(hand::Hello() + hand::End(1, "x"));
  });
  EXPECT_EQ(attack.Call(absl::ZeroDuration()).code(), StatusCode::kUnavailable);
  attack.End();
}

TEST(TlsServers, ThatCloseTheirConnectionsAreTriedEverMoreSeldom) {
  ClientAttack attack("TLS connections closed at once");
  {
    HostileServer server(CloseAtOnce);
    const Tls tls = ClientTls();
    const Channel channel(server.tls(), {.backoff_min = kBackoffMin, .tls = &tls});
    const absl::Time begin = absl::Now();
    EXPECT_FALSE(channel.WaitUntilReady(absl::Seconds(2)).ok());
    attack.ExpectInTime(absl::Now() - begin, absl::Seconds(2));
    EXPECT_LE(server.seen().connections, kAttemptsIn2S);
    EXPECT_GE(server.seen().connections, 3u);
  }
  attack.End(kBounds);
}

// Their ends come twice, or not at all, and then the connection breaks.
TEST(Servers, ThatBreakAConnectionEndEachOfItsCallsOnce) {
  constexpr size_t kCalls = Sanitized(1'000, 100);
  ClientAttack attack("calls of a connection that breaks");
  std::vector<WatchedCall> calls;
  {
    HostileServer server([](HostileConnection& client) {
      if (!client.AwaitCalls(kCalls)) return;
      std::string bytes = hand::Hello();
      for (uint64_t id = kCalls; id > 0; id -= 2) bytes += hand::End(id, "") + hand::End(id, "");
      client.Send(bytes + std::string(4, '\0'));
    });
    const Channel channel(server.tcp());
    for (size_t i = 0; i < kCalls; ++i) calls.emplace_back(channel, absl::Seconds(20));
    for (const WatchedCall& call : calls) attack.Await(call).IgnoreError();
    EXPECT_EQ(server.seen().connections, 1u);
  }
  const auto is_ok = [](const WatchedCall& call) { return call.Wait().ok(); };
  EXPECT_EQ(std::count_if(calls.begin(), calls.end(), is_ok), kCalls / 2);
  const auto ended_once = [](const WatchedCall& call) { return call.ends() == 1; };
  EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), ended_once));
  calls.clear();
  attack.End({.heap_size_max = 4 << 20, .heap_size_left = 2 << 20, .cpu = absl::Seconds(1)});
}

// Who has said nothing has not been reached: the channel pauses, as after a refusal.
TEST(Servers, ThatCloseTheirConnectionsAreTriedEverMoreSeldom) {
  ClientAttack attack("connections closed at once, and calls without end");
  {
    HostileServer server(CloseAtOnce);
    const Channel channel(server.tcp(), {.backoff_min = kBackoffMin});
    for (const absl::Time end = absl::Now() + absl::Seconds(2); absl::Now() < end;) {
      EXPECT_EQ(attack.Await(WatchedCall(channel, absl::Seconds(1))).code(),
                StatusCode::kUnavailable);
      absl::SleepFor(absl::Milliseconds(1));
    }
    EXPECT_LE(server.seen().connections, kAttemptsIn2S);
    EXPECT_GE(server.seen().connections, 3u);
  }
  attack.End(kBounds);
}

}  // namespace
}  // namespace rpc::attacks
