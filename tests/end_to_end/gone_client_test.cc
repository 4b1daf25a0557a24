// Clients that go away, or stand still, while the server has much to tell them.
#include <arpa/inet.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/interop/interop_service.h"
#include "tests/end_to_end/way.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_socket.h"

namespace rpc {
namespace {

constexpr int kCalls = 20;

// A frame in JSON.
std::string Frame(const std::string& header, const std::string& body) {
  const uint32_t length = htonl(static_cast<uint32_t>(header.size()));
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + header + body;
}

// The md5 is that of this body.
std::string LargeStream(int call) {
  const std::string body = R"({"parts":[{"size":65536,"count":16000}]})";
  return Frame(absl::StrCat(R"({"name":"interop.Interop/Produce","call":)", call, R"(,"size":)",
                            body.size(), R"(,"md5":"655b45af4546230f3d285c3621897ffb"})"),
               body);
}

class GoneClientTest : public testing::TestWithParam<Way> {
 protected:
  GoneClientTest() {
    server_.Add(std::make_shared<interop::InteropService>());
    address_ = ListenOver(GetParam(), &server_);
    EXPECT_TRUE(server_.Start().ok());
  }

  // Asks for large streams, and reads nothing of them.
  std::unique_ptr<RawSocket> Ask() {
    auto client = std::make_unique<RawSocket>(GetParam() == Way::kTcp ? RawSocket::Family::kTcp
                                                                      : RawSocket::Family::kUnix);
    EXPECT_TRUE(client->Connect(address_));
    for (int call = 1; call <= kCalls; ++call) EXPECT_TRUE(client->Send(LargeStream(call)));
    return client;
  }
  // The server stops reading a client that does not read: how many calls are open depends.
  bool SomeAreOpen() {
    return Eventually([this] { return server_.counters().calls_open > 0; });
  }

  Server server_;
  std::string address_;
};

INSTANTIATE_TEST_SUITE_P(Ways, GoneClientTest, testing::Values(Way::kTcp, Way::kAbstract),
                         [](const auto& info) { return WayName(info.param); });

TEST_P(GoneClientTest, EndsWhatItHasAskedFor) {
  std::vector<std::unique_ptr<RawSocket>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(Ask());
  ASSERT_TRUE(SomeAreOpen());
  clients.clear();
  EXPECT_TRUE(Eventually([this] { return server_.counters().connections_open == 0; }));
  EXPECT_EQ(server_.counters().calls_open, 0u);
}

// A shutdown that gives no time does not wait for who reads nothing.
TEST_P(GoneClientTest, ThatReadsNothingDoesNotKeepTheServer) {
  const auto client = Ask();
  ASSERT_TRUE(SomeAreOpen());
  const absl::Time begin = absl::Now();
  EXPECT_FALSE(server_.Shutdown(absl::ZeroDuration()).ok());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

}  // namespace
}  // namespace rpc
