// A handler that throws harms only its own call, and what it says stays here.
#include <stdexcept>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/stage.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

class FailureTest : public StageTest {
 protected:
  // What the client hears of the handler that OnSay set.
  absl::Status Say() { return echo_.Say(Saying("hello")).Wait().status(); }

  void ExpectInternalWithoutTheSecret(const absl::Status& status) {
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    EXPECT_FALSE(absl::StrContains(status.ToString(), "secret")) << status;
    EXPECT_EQ(Tracker::alive(), 0);
    ExpectServes();
  }
};

struct NoStandardException {
  std::string text = "secret";
};

TEST_F(FailureTest, AnExceptionOfAFunctionIsInternal) {
  OnSay([](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    if (tracker.size() > 0) throw std::runtime_error("secret");
    return absl::OkStatus();
  });
  ExpectInternalWithoutTheSecret(Say());
}

TEST_F(FailureTest, AnExceptionOfACoroutineIsInternal) {
  OnSay([](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    throw std::runtime_error("secret");
    co_return absl::OkStatus();
  });
  ExpectInternalWithoutTheSecret(Say());
}

TEST_F(FailureTest, AnExceptionAfterAWaitIsInternal) {
  OnSay([](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    (void)co_await rpc::Sleep(absl::Milliseconds(1));
    throw std::runtime_error("secret");
  });
  ExpectInternalWithoutTheSecret(Say());
}

TEST_F(FailureTest, AnExceptionThatIsNoStandardOneIsInternal) {
  OnSay([](ServerContext&, const echo::SayRequest& request, echo::SayReply&) -> Task<> {
    if (request.text() == "now") throw NoStandardException{};
    return []() -> Task<> {
      (void)co_await rpc::Sleep(absl::Milliseconds(1));
      throw 42;
    }();
  });
  ExpectInternalWithoutTheSecret(Say());
  ExpectInternalWithoutTheSecret(echo_.Say(Saying("now")).Wait().status());
}

TEST_F(FailureTest, AnExceptionAfterACancelIsHarmless) {
  Event waits;
  OnSay([&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker tracker;
    waits.Happen();
    (void)co_await rpc::Sleep(absl::Hours(1));
    throw std::runtime_error("secret");
  });
  {
    auto call = echo_.Say(Saying("hello"));
    ASSERT_TRUE(waits.Comes());
  }
  ExpectServes();
  ExpectDrains();
  EXPECT_EQ(Tracker::alive(), 0);
}

TEST_F(FailureTest, AnExceptionInTheMiddleOfAStreamIsInternal) {
  OnCount([](ServerContext&, const echo::CountRequest&, Writer<echo::Number>& out) -> Task<> {
    const bool taken = co_await out.Write(MakeNumber(1));
    throw std::runtime_error(taken ? "secret" : "not taken");
  });
  auto numbers = echo_.Count({});
  EXPECT_NE(numbers.Read().Wait(), nullptr);
  EXPECT_EQ(numbers.Read().Wait(), nullptr);
  ExpectInternalWithoutTheSecret(numbers.status());
}

TEST_F(FailureTest, AHandlerWithoutCoReturnIsInternal) {
  OnSay([](ServerContext&, const echo::SayRequest& request, echo::SayReply&) -> Task<> {
    (void)co_await rpc::Sleep(absl::Milliseconds(1));
    if (request.text().empty()) co_return absl::OkStatus();
  });
  ExpectInternalWithoutTheSecret(Say());
}

TEST_F(FailureTest, AServersInterceptorThatThrowsIsInternal) {
  Server server;
  server.Add(actor_);
  server.Use([](ServerContext&, Next) -> Task<> { throw NoStandardException{}; });
  const echo::Echo::Client echo(server.InProcess());
  ExpectInternalWithoutTheSecret(echo.Upper(Saying("hello")).Wait().status());
}

TEST_F(FailureTest, AClientsInterceptorThatThrowsIsInternal) {
  channel_.Use([](ClientContext&, ClientNext) -> Task<> { throw std::runtime_error("refused"); });
  EXPECT_TRUE(absl::IsInternal(Say()));
}

TEST_F(FailureTest, AClientsInterceptorMayThrowAnything) {
  channel_.Use([](ClientContext&, ClientNext) -> Task<> { throw 42; });
  EXPECT_TRUE(absl::IsInternal(Say()));
}

TEST_F(FailureTest, AClientsInterceptorMayThrowAnythingLater) {
  channel_.Use([](ClientContext&, ClientNext next) -> Task<> {
    (void)co_await next();
    throw 42;
  });
  EXPECT_TRUE(absl::IsInternal(Say()));
}

}  // namespace
}  // namespace rpc
