// A server in this process whose handlers are written in the test.
//
//     OnSay([](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> { ... });
//     EXPECT_TRUE(echo_.Say(Saying("hello")).Wait().ok());
//     ExpectServes();   // it has survived
//
// The functions live as long as the service, so that a coroutine may use their captures. `Upper`
// answers as it should; the other methods are UNIMPLEMENTED until the test writes them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace rpc {

echo::SayRequest Saying(const std::string& text);
echo::Line MakeLine(const std::string& text);
echo::Number MakeNumber(int64_t value);

class Actor final : public echo::Echo::Service {
 public:
  using Unary = std::function<Task<>(ServerContext&, const echo::SayRequest&, echo::SayReply&)>;
  using Writes =
      std::function<Task<>(ServerContext&, const echo::CountRequest&, Writer<echo::Number>&)>;
  using Reads = std::function<Task<>(ServerContext&, Reader<echo::Number>&, echo::Total&)>;
  using Talks = std::function<Task<>(ServerContext&, Stream<echo::Line, echo::Line>&)>;
  using Sleeps = std::function<Task<>(ServerContext&, const echo::SleepRequest&, echo::SayReply&)>;

  Unary say;
  Writes count;
  Reads sum;
  Talks chat;
  Sleeps sleep;

  Task<> Say(ServerContext& context, const echo::SayRequest& request,
             echo::SayReply& reply) override;
  Task<> Upper(ServerContext& context, const echo::SayRequest& request,
               echo::SayReply& reply) override;
  Task<> Count(ServerContext& context, const echo::CountRequest& request,
               Writer<echo::Number>& out) override;
  Task<> Sum(ServerContext& context, Reader<echo::Number>& in, echo::Total& reply) override;
  Task<> Chat(ServerContext& context, Stream<echo::Line, echo::Line>& stream) override;
  Task<> Sleep(ServerContext& context, const echo::SleepRequest& request,
               echo::SayReply& reply) override;
};

class StageTest : public testing::Test {
 protected:
  StageTest();

  void OnSay(Actor::Unary handler) { actor_->say = std::move(handler); }
  void OnCount(Actor::Writes handler) { actor_->count = std::move(handler); }
  void OnSum(Actor::Reads handler) { actor_->sum = std::move(handler); }
  void OnChat(Actor::Talks handler) { actor_->chat = std::move(handler); }
  void OnSleep(Actor::Sleeps handler) { actor_->sleep = std::move(handler); }

  // Calls go on being answered.
  void ExpectServes();
  // Every handler ends, or has ended.
  void ExpectDrains();
  // Ends the server, as its owner would.
  void StopServer() { server_ = nullptr; }

  std::shared_ptr<Actor> actor_ = std::make_shared<Actor>();
  std::unique_ptr<Server> server_ = std::make_unique<Server>();
  Channel channel_;
  echo::Echo::Client echo_;
};

}  // namespace rpc
