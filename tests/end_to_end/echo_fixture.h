// A server with the echo service and a channel to it, over one of the ways that there are.
#pragma once

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/end_to_end/way.h"

namespace rpc {

// Requests and messages in one line.
echo::SayRequest Saying(const std::string& text);
echo::CountRequest CountTo(uint32_t upto, uint32_t interval_ms = 0);
echo::SleepRequest SleepFor(uint32_t ms);
echo::FailRequest FailWith(absl::StatusCode code, const std::string& message);
echo::Number MakeNumber(int64_t value);
echo::Line MakeLine(const std::string& text);

// To be set up with `server()` before Serve().
class EchoServer {
 public:
  explicit EchoServer(Way way, const ServerOptions& options = {});

  Server& server() { return *server_; }
  // Serves; from then on address() is where, and a channel leads there.
  void Serve();
  const std::string& address() const { return address_; }
  Channel MakeChannel(const ChannelOptions& options = {});
  // Ends the server, as its owner would.
  void Stop() { server_ = nullptr; }

 private:
  Way way_;
  std::unique_ptr<Server> server_;
  std::string address_;
};

// Tests that hold whatever is between client and server.
class EchoTest : public testing::TestWithParam<Way> {
 protected:
  EchoTest() : server_(GetParam()), channel_(Serve()), echo_(channel_) {}

  Channel Serve() {
    server_.Serve();
    return server_.MakeChannel();
  }

  EchoServer server_;
  Channel channel_;
  echo::Echo::Client echo_;
};

}  // namespace rpc
