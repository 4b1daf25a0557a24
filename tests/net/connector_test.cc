#include "rpc/net/connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rpc/net/socket.h"
#include "tests/net/loop_fixture.h"
#include "tests/net/transport_end.h"
#include "tests/support/descriptors.h"

namespace rpc::net {
namespace {

using testing::StartsWith;

constexpr TimeUs kMillisecondUs = 1'000;

SocketAddress Known(const std::string& text) { return **AddressWithoutLookup(*ParseAddress(text)); }

// Somebody listens there. The system takes connections though nobody accepts them.
struct Live {
  explicit Live(const std::string& text) {
    auto listenings = Listen(*ParseAddress(text), 1);
    if (!listenings.ok()) return;
    address = (*listenings)[0].address;
    socket = std::move((*listenings)[0].sockets[0]);
  }

  std::string port() const { return address.substr(address.rfind(':') + 1); }
  bool Accept() { return Descriptor(accept(socket.get(), nullptr, nullptr)).get() >= 0; }

  std::string address;
  Descriptor socket;
};

// Nobody listens there.
std::string Dead(const std::string& text) { return Live(text).address; }

// There is no answer: the queue of connections is full, and nobody takes them.
struct Silent : Live {
  explicit Silent(const std::string& text) : Live(text) {
    listen(socket.get(), 0);
    const SocketAddress there = Known(address);
    std::string reason;
    for (Descriptor& client : clients) client = BeginConnect(there, {}, &reason);
  }

  Descriptor clients[3];
};

class ConnectorTest : public LoopFixture {
 protected:
  Connector::Done Done() {
    return [this](auto result) {
      result_ = std::move(result);
      ++dones_;
    };
  }

  void Begin(const std::string& text, TimeUs timeout_us = kNever) {
    InTurn([&] {
      connector_ = std::make_unique<Connector>(loop(), *ParseAddress(text), ConnectOptions(),
                                               timeout_us, Done());
      EXPECT_EQ(dones_, 0);
    });
  }

  void BeginEach(const std::vector<std::string>& texts, TimeUs timeout_us = kNever) {
    std::vector<SocketAddress> addresses;
    for (const std::string& text : texts) addresses.push_back(Known(text));
    InTurn([&] {
      connector_ =
          std::make_unique<Connector>(loop(), "tcp://them:1", addresses, timeout_us, Done());
      EXPECT_EQ(dones_, 0);
    });
  }

  void AwaitDone() {
    TurnUntil([&] { return dones_ > 0; });
  }

  // The address of who was reached, or why nobody was.
  std::string Outcome() {
    AwaitDone();
    return result_.ok() ? (*result_)->peer()->address : std::string(result_.status().message());
  }

  std::unique_ptr<Connector> connector_;
  absl::StatusOr<std::unique_ptr<Transport>> result_ = nullptr;
  int dones_ = 0;
};

TEST_F(ConnectorTest, Connects) {
  Live live("tcp://127.0.0.1:0");
  Begin(live.address);
  EXPECT_EQ(Outcome(), live.address);
  EXPECT_TRUE(live.Accept());
  EXPECT_EQ(dones_, 1);
}

TEST_F(ConnectorTest, ConnectsToAUnixSocket) {
  Live live("unix:@uvrpc-connector-test-" + std::to_string(std::random_device{}()));
  Begin(live.address);
  EXPECT_EQ(Outcome(), live.address);
  EXPECT_TRUE(live.Accept());
}

TEST_F(ConnectorTest, SaysThatItWasRefused) {
  const std::string dead = Dead("tcp://127.0.0.1:0");
  Begin(dead);
  EXPECT_EQ(Outcome(), "cannot connect to " + dead + ": connection refused");
  EXPECT_TRUE(absl::IsUnavailable(result_.status()));
}

TEST_F(ConnectorTest, NamesEveryAddressThatFailed) {
  const std::string a = Dead("tcp://127.0.0.1:0");
  const std::string b = Dead("tcp://127.0.0.2:0");
  BeginEach({a, b, "unix:@uvrpc-nobody"});
  EXPECT_EQ(Outcome(), "cannot connect to tcp://them:1: " + a + ": connection refused; " + b +
                           ": connection refused; unix:@uvrpc-nobody: connection refused");
}

TEST_F(ConnectorTest, NamesTheAddressesOfANameThatFailed) {
  const std::string port = Live("tcp://127.0.0.1:0").port();
  Begin("tcp://localhost:" + port);
  EXPECT_THAT(Outcome(), StartsWith("cannot connect to tcp://localhost:" + port + ": tcp://"));
}

TEST_F(ConnectorTest, GoesOnAtOnceWhenAnAddressFails) {
  Live live("tcp://127.0.0.1:0");
  const uint64_t start_ns = uv_hrtime();
  BeginEach({Dead("tcp://127.0.0.1:0"), Dead("tcp://127.0.0.2:0"), live.address});
  EXPECT_EQ(Outcome(), live.address);
  EXPECT_LT(uv_hrtime() - start_ns, 200'000'000u);
}

TEST_F(ConnectorTest, FindsTheOneFamilyThatANameIsServedOn) {
  Live live("tcp://127.0.0.1:0");
  Begin("tcp://localhost:" + live.port());
  EXPECT_EQ(Outcome(), live.address);
}

TEST_F(ConnectorTest, TriesTheNextWhenThereIsNoAnswer) {
  const Silent silent("tcp://127.0.0.1:0");
  Live live("tcp://127.0.0.2:0");
  const uint64_t start_ns = uv_hrtime();
  BeginEach({silent.address, live.address});
  EXPECT_EQ(Outcome(), live.address);
  EXPECT_GE(uv_hrtime() - start_ns, 250'000'000u);
  EXPECT_LT(uv_hrtime() - start_ns, 900'000'000u);
}

TEST_F(ConnectorTest, WaitsForTheFirstThoughTheNextHasFailed) {
  Silent silent("tcp://127.0.0.1:0");
  BeginEach({silent.address, Dead("tcp://127.0.0.2:0")});
  TurnFor(300);
  EXPECT_EQ(dones_, 0);
  // The system knocks again after a second.
  while (silent.Accept()) continue;
  EXPECT_EQ(Outcome(), silent.address);
}

TEST_F(ConnectorTest, TheOneThatWinsClosesTheOthers) {
  const Silent silent("tcp://127.0.0.1:0");
  const Live live("tcp://127.0.0.2:0");
  const ptrdiff_t before = CountDescriptors();
  BeginEach({silent.address, live.address});
  EXPECT_EQ(CountDescriptors(), before + 1);
  AwaitDone();
  EXPECT_EQ(CountDescriptors(), before + 1);
  result_ = nullptr;
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(ConnectorTest, GivesUpAfterItsTime) {
  const Silent silent("tcp://127.0.0.1:0");
  Begin(silent.address, 100 * kMillisecondUs);
  EXPECT_EQ(Outcome(), "cannot connect to " + silent.address + " within 100 ms: no answer");
  EXPECT_TRUE(absl::IsUnavailable(result_.status()));
}

TEST_F(ConnectorTest, SaysHowFarItHasComeInItsTime) {
  const Silent a("tcp://127.0.0.1:0");
  const Silent b("tcp://127.0.0.2:0");
  const std::string dead = Dead("tcp://127.0.0.3:0");
  BeginEach({dead, a.address, b.address}, 100 * kMillisecondUs);
  EXPECT_EQ(Outcome(), "cannot connect to tcp://them:1 within 100 ms: " + dead +
                           ": connection refused; " + a.address + ": no answer; " + b.address +
                           ": not tried");
}

TEST_F(ConnectorTest, HasNoTimeToResolve) {
  Begin("tcp://no-such-host.invalid:80", 0);
  EXPECT_EQ(Outcome(),
            "cannot connect to tcp://no-such-host.invalid:80 within 0 ms: the name is not "
            "resolved yet");
}

TEST_F(ConnectorTest, TellsNothingWhenItIsDestroyedBefore) {
  Silent silent("tcp://127.0.0.1:0");
  for (const std::string& text :
       {silent.address, Dead("tcp://127.0.0.1:0"), std::string("tcp://localhost:1")}) {
    Begin(text, 20 * kMillisecondUs);
    connector_.reset();
  }
  BeginEach({silent.address, silent.address}, kNever);
  connector_.reset();
  TurnFor(300);
  EXPECT_EQ(dones_, 0);
}

TEST_F(ConnectorTest, MayBeDestroyedWhenItIsDone) {
  Live live("tcp://127.0.0.1:0");
  for (const std::string& text :
       {live.address, Dead("tcp://127.0.0.1:0"), std::string("tcp://no-such-host.invalid:80")}) {
    connector_ = std::make_unique<Connector>(loop(), *ParseAddress(text), ConnectOptions(), kNever,
                                             [this](auto) { connector_.reset(); });
    TurnUntil([&] { return connector_ == nullptr; });
  }
}

TEST_F(ConnectorTest, SaysThatANameIsNotKnown) {
  Begin("tcp://no-such-host.invalid:80");
  EXPECT_THAT(Outcome(), StartsWith("cannot connect to tcp://no-such-host.invalid:80: cannot "
                                    "resolve \"no-such-host.invalid\": "));
  EXPECT_TRUE(absl::IsUnavailable(result_.status()));
}

TEST_F(ConnectorTest, RefusesWhatIsOnlyToListenOn) {
  Begin("tcp://*:80");
  EXPECT_EQ(Outcome(), "cannot connect to tcp://*:80: `*` is to listen on, not to connect to");
  EXPECT_TRUE(absl::IsInvalidArgument(result_.status()));
}

TEST_F(ConnectorTest, SaysThatAUnixSocketIsMissingOrBusy) {
  Begin("unix:///nowhere/a.sock");
  EXPECT_EQ(Outcome(), "cannot connect to unix:///nowhere/a.sock: no such file or directory");
  EXPECT_TRUE(absl::IsUnavailable(result_.status()));
  dones_ = 0;
  const Silent silent("unix:@uvrpc-connector-test-" + std::to_string(std::random_device{}()));
  Begin(silent.address);
  EXPECT_EQ(Outcome(), "cannot connect to " + silent.address + ": the listener's queue is full");
}

TEST_F(ConnectorTest, HandsOverAConnectionThatCanBeUsed) {
  Live live("tcp://127.0.0.1:0");
  Begin(live.address);
  AwaitDone();
  const Descriptor peer(accept(live.socket.get(), nullptr, nullptr));
  TransportEnd end;
  end.Adopt(*std::move(result_));
  ASSERT_EQ(send(peer.get(), "hello", 5, 0), 5);
  TurnUntil([&] { return end.input() == "hello"; });
}

}  // namespace
}  // namespace rpc::net
