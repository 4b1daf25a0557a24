#include "rpc/net/datagram_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/net/loop_fixture.h"

namespace rpc::net {
namespace {

// A socket that keeps what it hears.
class Ear final : public DatagramSocket::User {
 public:
  Ear(Loop* loop, Descriptor socket) { socket_.emplace(loop, std::move(socket), this); }

  DatagramSocket& socket() { return *socket_; }
  void Close() { socket_.reset(); }
  void CloseWhenItHears() { closes_ = true; }

  std::vector<std::pair<std::string, std::string>> heard;  // from whom, what
  std::vector<int> errors;

 private:
  void OnDatagram(std::string_view source, std::string_view bytes) override {
    heard.emplace_back(source, bytes);
    if (closes_) Close();
  }
  void OnError(int error_number) override { errors.push_back(error_number); }

  std::optional<DatagramSocket> socket_;
  bool closes_ = false;
};

class DatagramSocketTest : public LoopFixture {
 protected:
  void ListenOn(const std::string& text) {
    auto listenings = Listen(*ParseAddress(text), 1);
    ASSERT_TRUE(listenings.ok()) << listenings.status();
    address_ = (*listenings)[0].address;
    server_.emplace(loop(), std::move((*listenings)[0].sockets[0]));
  }

  // A client that knows the server by this host.
  std::unique_ptr<Ear> Client(const std::string& host) {
    const std::string port = address_.substr(address_.rfind(':'));
    const auto there = AddressWithoutLookup(*ParseAddress("udp://" + host + port));
    std::string reason;
    Descriptor socket = ConnectDatagrams(**there, {}, &reason);
    EXPECT_TRUE(socket) << reason;
    return std::make_unique<Ear>(loop(), std::move(socket));
  }

  std::string address_;
  std::optional<Ear> server_;
};

TEST_F(DatagramSocketTest, CarriesWholeDatagramsBothWays) {
  ListenOn("udp://127.0.0.1:0");
  EXPECT_TRUE(address_.starts_with("udp://127.0.0.1:"));
  const auto client = Client("127.0.0.1");
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1'200}, size_t{65'507}}) {
    EXPECT_EQ(client->socket().Send({}, std::string(size, 'x')), 0);
    TurnUntil([&] { return !server_->heard.empty(); });
    const auto [source, bytes] = server_->heard.front();
    server_->heard.clear();
    EXPECT_EQ(bytes, std::string(size, 'x'));
    EXPECT_TRUE(SourceText(source).starts_with("udp://127.0.0.1:")) << SourceText(source);
    EXPECT_EQ(server_->socket().Send(source, bytes), 0);
    TurnUntil([&] { return !client->heard.empty(); });
    EXPECT_EQ(client->heard.front().second, bytes);
    client->heard.clear();
  }
}

TEST_F(DatagramSocketTest, TellsSendersApartAndKnowsThemAgain) {
  ListenOn("udp://127.0.0.1:0");
  const auto first = Client("127.0.0.1");
  const auto second = Client("127.0.0.1");
  first->socket().Send({}, "a");
  second->socket().Send({}, "b");
  first->socket().Send({}, "c");
  TurnUntil([&] { return server_->heard.size() == 3; });
  EXPECT_EQ(server_->heard[0].first, server_->heard[2].first);
  EXPECT_NE(server_->heard[0].first, server_->heard[1].first);
}

// A client hears only from the address that it asked.
TEST_F(DatagramSocketTest, AnswersFromTheAddressThatWasAsked) {
  for (const std::string listened : {"udp://*:0", "udp://0.0.0.0:0"}) {
    ListenOn(listened);
    for (const char* host : {"127.0.0.1", "127.0.0.2", "127.1.2.3"}) {
      const auto client = Client(host);
      client->socket().Send({}, "who is there?");
      TurnUntil([&] { return !server_->heard.empty(); });
      EXPECT_EQ(server_->socket().Send(server_->heard[0].first, "I am"), 0);
      server_->heard.clear();
      TurnUntil([&] { return !client->heard.empty(); });
      EXPECT_EQ(client->heard[0].second, "I am") << listened << " asked as " << host;
    }
    server_.reset();
  }
}

TEST_F(DatagramSocketTest, SaysWhenNobodyListens) {
  ListenOn("udp://127.0.0.1:0");
  const auto client = Client("127.0.0.1");
  server_.reset();
  client->socket().Send({}, "anybody?");
  TurnUntil([&] { return !client->errors.empty(); });
  EXPECT_EQ(client->errors[0], ECONNREFUSED);
}

TEST_F(DatagramSocketTest, RefusesWhatIsTooLarge) {
  ListenOn("udp://127.0.0.1:0");
  EXPECT_EQ(Client("127.0.0.1")->socket().Send({}, std::string(65'508, 'x')), EMSGSIZE);
}

TEST_F(DatagramSocketTest, MayBeDestroyedWhileItHears) {
  ListenOn("udp://127.0.0.1:0");
  const auto client = Client("127.0.0.1");
  server_->CloseWhenItHears();
  for (int i = 0; i < 3; ++i) client->socket().Send({}, "hello");
  TurnUntil([&] { return !server_->heard.empty(); });
  EXPECT_EQ(server_->heard.size(), 1u);
}

}  // namespace
}  // namespace rpc::net
