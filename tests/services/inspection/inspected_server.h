// A server with the echo service that can be inspected, and a channel to it.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "services/health/health_service.h"
#include "services/inspection/inspection.h"
#include "tests/end_to_end/echo_fixture.h"

namespace rpc {

// Over TCP and within the process. A test may set `server()` up before Serve.
class InspectedTest : public testing::TestWithParam<Way> {
 protected:
  InspectedTest() : InspectedTest(ServerOptions{}) {}
  explicit InspectedTest(const ServerOptions& options)
      : echo_server_(GetParam(), options), health_(inspection::AddTo(&echo_server_.server())) {}

  Server& server() { return echo_server_.server(); }

  void Serve() { echo_server_.Serve(); }
  // To the server, which serves from the first on.
  Channel MakeChannel(const ChannelOptions& options = {}) {
    if (!std::exchange(serving_, true)) Serve();
    return echo_server_.MakeChannel(options);
  }
  // One that several clients share.
  const Channel& channel() {
    if (channel_ == nullptr) channel_ = std::make_unique<Channel>(MakeChannel());
    return *channel_;
  }
  echo::Echo::Client echo() { return echo::Echo::Client(channel()); }

  EchoServer echo_server_;
  std::shared_ptr<health::HealthService> health_;

 private:
  bool serving_ = false;
  std::unique_ptr<Channel> channel_;
};

inline auto InspectedWays() { return testing::Values(Way::kTcp, Way::kInProcess); }

// Whether a shutdown cuts no call off, and does not wait for its timeout either.
inline bool ShutsDownAtOnce(Server* server) {
  const absl::Time begun = absl::Now();
  const absl::Status over = server->Shutdown(absl::Seconds(20));
  EXPECT_TRUE(over.ok()) << over;
  return absl::Now() - begun < absl::Seconds(5);
}

}  // namespace rpc
