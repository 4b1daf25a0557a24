#include "rpc/net/listener.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "rpc/net/socket_transport.h"
#include "tests/net/loop_fixture.h"
#include "tests/net/transport_end.h"

namespace rpc::net {
namespace {

// Bare sockets connect to listeners of one address, each with its own transports.
class ListenerTest : public LoopFixture {
 protected:
  void ListenOn(const std::string& text, size_t count = 1) {
    absl::StatusOr<std::vector<Listening>> listenings = Listen(*ParseAddress(text), count);
    ASSERT_TRUE(listenings.ok()) << listenings.status();
    address_ = (*listenings)[0].address;
    sockets_ = std::move((*listenings)[0].sockets);
    accepted_.resize(count);
  }

  std::unique_ptr<Listener> NewListener(size_t i = 0) {
    return std::make_unique<Listener>(
        loop(), std::move(sockets_[i]),
        [this, i](Descriptor socket) {
          accepted_[i].push_back(NewSocketTransport(loop(), std::move(socket)));
        },
        [this] { ++failures_; });
  }

  static Descriptor NewClient() { return Descriptor(socket(AF_INET, SOCK_STREAM, 0)); }

  bool Connect(const Descriptor& client) {
    const absl::StatusOr<SocketAddress> there = *AddressWithoutLookup(*ParseAddress(address_));
    return connect(client.get(), there->get(), there->size) == 0;
  }

  size_t accepted() const {
    size_t sum = 0;
    for (const auto& each : accepted_) sum += each.size();
    return sum;
  }

  std::string address_;
  std::vector<Descriptor> sockets_;
  int failures_ = 0;
  std::vector<std::vector<std::unique_ptr<Transport>>> accepted_;
};

TEST_F(ListenerTest, AcceptsMany) {
  ListenOn("tcp://127.0.0.1:0");
  const auto listener = NewListener();
  std::vector<Descriptor> clients;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(NewClient());
    ASSERT_TRUE(Connect(clients.back()));
  }
  TurnUntil([&] { return accepted() == 500; });
  EXPECT_EQ(accepted_[0][499]->peer()->address, ToString(LocalAddress(clients[499].get())));
  EXPECT_EQ(failures_, 0);
}

TEST_F(ListenerTest, ManyAcceptOnOnePort) {
  ListenOn("tcp://127.0.0.1:0", 2);
  const auto first = NewListener(0);
  const auto second = NewListener(1);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(NewClient());
    ASSERT_TRUE(Connect(clients.back()));
  }
  TurnUntil([&] { return accepted() == 200; });
  EXPECT_GT(accepted_[0].size(), 20u);
  EXPECT_GT(accepted_[1].size(), 20u);
}

TEST_F(ListenerTest, AcceptsWhatIsInTheQueueWhenItIsClosed) {
  ListenOn("tcp://127.0.0.1:0");
  std::vector<Descriptor> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(NewClient());
    ASSERT_TRUE(Connect(clients.back()));
  }
  NewListener().reset();
  ASSERT_EQ(accepted(), 100u);
  EXPECT_FALSE(Connect(NewClient()));
  TransportEnd end;
  end.Adopt(std::move(accepted_[0][99]));
  end.WriteOnce("we are closing");
  char buffer[100];
  EXPECT_EQ(recv(clients[99].get(), buffer, sizeof(buffer), 0), 14);
}

TEST_F(ListenerTest, ClosesThatNobodyHasConnectedTo) {
  ListenOn("tcp://127.0.0.1:0");
  const auto listener = NewListener();
  TurnFor(5);
}

// The process may open no descriptor more, as long as this lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    const Descriptor next(dup(0));
    none.rlim_cur = static_cast<rlim_t>(next.get());
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

TEST_F(ListenerTest, PausesWhileThereAreNoDescriptorsLeft) {
  ListenOn("tcp://127.0.0.1:0");
  const auto listener = NewListener();
  const Descriptor client = NewClient();
  {
    const NoDescriptors limit;
    const TimeUs begin_us = ClockUs();
    ASSERT_TRUE(Connect(client));
    TurnUntil([&] { return failures_ == 1; });
    EXPECT_LT(TurnFor(50), 20);
    EXPECT_LE(static_cast<TimeUs>(failures_), 1 + (ClockUs() - begin_us) / 100'000);
    TurnUntil([&] { return failures_ >= 2; });
    EXPECT_EQ(accepted(), 0u);
  }
  TurnUntil([&] { return accepted() == 1; });
}

TEST_F(ListenerTest, TellsOfOnePauseInASecondAndOfItsEnd) {
  ListenOn("tcp://127.0.0.1:0");
  const auto listener = NewListener();
  const TimeUs begin_us = ClockUs();
  testing::internal::CaptureStderr();
  size_t pauses = 0;
  for (; pauses < 5; ++pauses) {
    const Descriptor client = NewClient();
    {
      const NoDescriptors limit;
      ASSERT_TRUE(Connect(client));
      const int before = failures_;
      TurnUntil([&] { return failures_ > before; });
    }
    TurnUntil([&] { return accepted() == pauses + 1; });
  }
  const std::string told = testing::internal::GetCapturedStderr();
  const auto lines = static_cast<size_t>(std::count(told.begin(), told.end(), '\n'));
  EXPECT_GE(lines, 2u);
  EXPECT_LE(lines, 2 * (1 + (ClockUs() - begin_us) / session::kSecondUs)) << told;
  EXPECT_NE(told.find("cannot accept on tcp://127.0.0.1:"), std::string::npos) << told;
  EXPECT_NE(told.find(" again, after "), std::string::npos) << told;
}

TEST_F(ListenerTest, MayBeClosedWhileItPauses) {
  ListenOn("tcp://127.0.0.1:0");
  auto listener = NewListener();
  const Descriptor client = NewClient();
  const NoDescriptors limit;
  ASSERT_TRUE(Connect(client));
  TurnUntil([&] { return failures_ == 1; });
  listener.reset();
  TurnFor(150);
  EXPECT_EQ(accepted(), 0u);
}

class UnixListenerTest : public ListenerTest {
 protected:
  UnixListenerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "listenerXXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~UnixListenerTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/a.sock"; }

 private:
  std::string folder_;
};

TEST_F(UnixListenerTest, RemovesItsFile) {
  ListenOn("unix://" + path(), 2);
  auto first = NewListener(0);
  auto second = NewListener(1);
  const Descriptor client(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_TRUE(Connect(client));
  first.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
  second.reset();
  ASSERT_EQ(accepted(), 1u);
  EXPECT_EQ(accepted_[0][0]->peer()->address, "unix://" + path());
}

TEST_F(UnixListenerTest, LeavesTheFileOfAnotherAlone) {
  ListenOn("unix://" + path());
  auto listener = NewListener();
  std::filesystem::rename(path(), path() + ".old");
  const auto other = Listen(*ParseAddress("unix://" + path()), 1);
  ASSERT_TRUE(other.ok()) << other.status();
  listener.reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace rpc::net
