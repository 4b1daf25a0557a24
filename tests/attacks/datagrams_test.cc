// Datagrams from everywhere: sessions that nobody has, the same call again and again, and calls
// that ask for large replies to be sent to somebody else.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "rpc/net/socket.h"
#include "rpc/session/datagram.h"
#include "services/echo/echo.rpc.h"
#include "services/interop/interop.rpc.h"
#include "tests/attacks/attack.h"

namespace rpc::attacks {
namespace {

// Ports of one attacker, each a source of its own.
class Sources {
 public:
  Sources(const std::string& server, int count) {
    sockaddr_in there = {};
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons(static_cast<uint16_t>(std::atoi(&server[server.rfind(':') + 1])));
    for (int i = 0; i < count; ++i) {
      sockets_.emplace_back(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      connect(sockets_.back().get(), reinterpret_cast<sockaddr*>(&there), sizeof(there));
    }
  }

  // From the next source. What the system has no room for is lost, as datagrams are.
  void Send(std::string_view datagram) {
    const net::Descriptor& socket = sockets_[next_++ % sockets_.size()];
    if (send(socket.get(), datagram.data(), datagram.size(), 0) > 0) sent_size_ += datagram.size();
    Receive(socket);
    if (next_ % kBurst == 0) absl::SleepFor(absl::Milliseconds(1));
  }

  // What has come back, until nothing more does.
  void Receive() {
    for (uint64_t before = UINT64_MAX; before != received_size_;) {
      before = received_size_;
      absl::SleepFor(absl::Milliseconds(200));
      for (const net::Descriptor& socket : sockets_) Receive(socket);
    }
  }

  uint64_t sent_size() const { return sent_size_; }
  uint64_t received_size() const { return received_size_; }
  uint64_t received() const { return received_; }
  size_t largest() const { return largest_; }

 private:
  // The socket of the server holds some hundred.
  static constexpr size_t kBurst = 100;

  void Receive(const net::Descriptor& socket) {
    char bytes[2048];
    for (ssize_t size; (size = recv(socket.get(), bytes, sizeof(bytes), 0)) > 0; ++received_) {
      received_size_ += static_cast<size_t>(size);
      largest_ = std::max(largest_, static_cast<size_t>(size));
    }
  }

  std::vector<net::Descriptor> sockets_;
  size_t next_ = 0;
  uint64_t sent_size_ = 0;
  uint64_t received_size_ = 0;
  uint64_t received_ = 0;
  size_t largest_ = 0;  // datagram received
};

std::string Call(uint64_t session, std::string_view name, const std::string& body,
                 session::TimeUs timeout_us = session::kSecondUs) {
  wire::Header header;
  header.session = session;
  header.call = 1;
  header.flags = wire::kFlagLast;
  header.name = name;
  header.timeout_us = timeout_us;
  std::string datagram;
  session::WriteDatagram(header, body, &datagram);
  return datagram;
}

// So that a session's number, and with it every datagram, has the same length.
constexpr uint64_t kTopBit = uint64_t{1} << 63;

std::string Say(uint64_t session, const std::string& text,
                session::TimeUs timeout_us = session::kSecondUs) {
  echo::SayRequest request;
  request.set_text(text);
  return Call(session, echo::Echo::kSay, request.SerializeAsString(), timeout_us);
}

constexpr int kDatagrams = Sanitized(30'000, 3'000);
constexpr int kSources = Sanitized(500, 100);
// Few, so that the attack fills them.
constexpr session::DatagramLimits kLimits = {.calls_max = Sanitized(2'000, 200),
                                             .memory_size_max = 1 << 20,
                                             .keep_us = session::kSecondUs / 2};

class DatagramsTest : public testing::Test {
 protected:
  // To each datagram, which all have this size: what was lost on its way is no excuse.
  void ExpectBoundedAnswers(size_t size) {
    sources_.Receive();
    EXPECT_LE(sources_.largest(), session::kAmplificationMax * size);
    EXPECT_LE(sources_.received_size(), session::kAmplificationMax * sources_.sent_size());
  }

  static constexpr Bounds kBounds = {.heap_size_max = 4 * kMegabyte,
                                     .heap_size_left = 2 * kMegabyte,
                                     .rss_size_max = 6 * kMegabyte,
                                     .cpu = absl::Seconds(6),
                                     .wall = absl::Seconds(30)};

  AttackedServer server_{ServerPlan{.options = {}, .datagrams = kLimits}};
  Sources sources_{server_.udp(), kSources};
  std::mt19937_64 random_{1};
};

// The good client comes over TCP here: what strangers fill is the table of calls over UDP.
TEST_F(DatagramsTest, OfSessionsThatNobodyHasFillTheirTableAndNoMore) {
  Attack attack(&server_, "datagrams of forged sessions");
  const auto is_full = [&] { return server_.counters().calls_refused > 0; };
  do {  // A busy server loses most, but not what its socket holds.
    for (int i = 0; i < kDatagrams; ++i) sources_.Send(Say(random_() | kTopBit, "forged"));
  } while (!is_full() && attack.wall() < absl::Seconds(15));
  EXPECT_TRUE(is_full());
  ExpectBoundedAnswers(Say(kTopBit, "forged").size());
  EXPECT_GT(sources_.received(), 0u);
  // Once they are forgotten there is room again.
  const echo::Echo::Client stranger{Channel(server_.udp())};
  EXPECT_TRUE(server_.Eventually([&](const Figures&) { return stranger.Say({}).Wait().ok(); }));
  attack.End(kBounds);
}

TEST_F(DatagramsTest, ThatAreRepeatedRunTheirHandlersOnce) {
  std::vector<std::string> calls;
  for (int i = 0; i < kSources; ++i) {
    calls.push_back(Say(random_() | kTopBit, "again", session::DatagramLimits().timeout_us_max));
  }
  const auto repeat = [&](int count) {
    for (int i = 0; i < count; ++i) sources_.Send(calls[static_cast<size_t>(i) % kSources]);
  };
  // Before there is a good client, whose handlers would count.
  for (int i = 0; i < 100 && server_.counters().datagrams_received <= 2 * kSources; ++i) {
    repeat(kSources);
  }
  EXPECT_GT(server_.counters().datagrams_received, uint64_t{2 * kSources});
  const uint64_t begun = server_.figures().handlers_begun;
  EXPECT_GT(begun, 0u);
  EXPECT_LE(begun, uint64_t{kSources});

  Attack attack(&server_, "repeats of a few datagrams");
  repeat(kDatagrams);
  ExpectBoundedAnswers(calls[0].size());
  attack.End(kBounds);
}

TEST_F(DatagramsTest, ThatAskForMuchAreAnsweredWithThreeTimesTheirSizeAtMost) {
  Attack attack(&server_, "datagrams that ask for large replies");
  for (const uint64_t reply_size : {100, 150, 200, 300, 1'000, 100'000}) {
    interop::UnaryRequest request;
    request.set_reply_size(reply_size);
    const auto call = [&] {
      return Call(random_() | kTopBit, interop::Interop::kUnary, request.SerializeAsString());
    };
    for (int i = 0; i < kDatagrams / 20; ++i) sources_.Send(call());
    ExpectBoundedAnswers(call().size());
  }
  EXPECT_GT(sources_.received(), 0u);
  attack.End(kBounds);
}

TEST_F(DatagramsTest, ThatAreNoCallsAreDropped) {
  Attack attack(&server_, "datagrams that are no calls");
  const std::string good = Say(7, "to be spoilt");
  for (int i = 0; i < kDatagrams; ++i) {
    std::string bad = good;
    if (i % 3 == 0) bad.resize(random_() % bad.size());
    if (i % 3 == 1) bad.back() ^= 1;
    if (i % 3 == 2)
      std::generate(bad.begin(), bad.end(), [&] { return static_cast<char>(random_()); });
    if (!bad.empty()) sources_.Send(bad);
  }
  sources_.Receive();
  EXPECT_EQ(sources_.received(), 0u);
  const ServerCounters counters = server_.counters();
  EXPECT_GT(counters.datagrams_received, 100u);
  EXPECT_EQ(counters.datagrams_dropped, counters.datagrams_received);
  attack.End(kBounds);
}

}  // namespace
}  // namespace rpc::attacks
