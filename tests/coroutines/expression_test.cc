// Each way in which co_await stands in an expression, run to its end and destroyed on the way.
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/net/loop.h"
#include "rpc/rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/expression_forms.h"
#include "tests/coroutines/hand_run.h"
#include "tests/coroutines/stage.h"
#include "tests/coroutines/tracker.h"

namespace rpc {
namespace {

// g++ 12 destroys braced aggregates with owning members twice inside of a co_await.
static_assert(std::is_trivially_destructible_v<CallOptions>);
static_assert(std::is_trivially_destructible_v<ChannelOptions>);
static_assert(std::is_trivially_destructible_v<ServerOptions>);

class ExpressionTest : public testing::TestWithParam<ExpressionForm> {
 protected:
  ExpressionTest() : misplaced_before_(Tracker::misplaced()) { Pause::held = true; }
  ~ExpressionTest() override {
    Pause::held = false;
    EXPECT_EQ(Tracker::alive(), 0);
    EXPECT_EQ(Tracker::misplaced(), misplaced_before_);
    EXPECT_EQ(Pause::waiting(), 0u);
  }

  // The form, with its first pauses ended. False when it has ended before.
  bool RunTo(HandRun<int>* run, int pauses) {
    for (int i = 0; i < pauses && !run->ended(); ++i) Pause::EndOne(&loop_);
    return !run->ended();
  }

  net::Loop loop_;

 private:
  const int misplaced_before_;
};

std::string NameOf(const testing::TestParamInfo<ExpressionForm>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Forms, ExpressionTest, testing::ValuesIn(ExpressionForms()), NameOf);

TEST_P(ExpressionTest, ItsTemporariesAreDestroyedOnceWhenItEnds) {
  Pause::held = false;
  EXPECT_EQ(rpc::Run(GetParam().run), GetParam().result);
}

TEST_P(ExpressionTest, ItsTemporariesAreDestroyedOnceWhereverItIsDestroyed) {
  if (GetParam().blocks) return;
  for (int pauses = 0;; ++pauses) {
    HandRun<int> run(&loop_, GetParam().run());
    if (RunTo(&run, pauses)) continue;
    EXPECT_EQ(run.Take(), GetParam().result);
    break;
  }
}

TEST_P(ExpressionTest, ItsTemporariesAreDestroyedOnceWhereverItIsCancelled) {
  if (GetParam().blocks) return;
  for (int pauses = 0;; ++pauses) {
    HandRun<int> run(&loop_, GetParam().run());
    if (!RunTo(&run, pauses)) break;
    run.Cancel();
    EXPECT_TRUE(run.ended());
  }
}

class HandlerExpressionTest : public StageTest,
                              public testing::WithParamInterface<ExpressionForm> {};

INSTANTIATE_TEST_SUITE_P(Forms, HandlerExpressionTest, testing::ValuesIn(ExpressionForms()),
                         NameOf);

TEST_P(HandlerExpressionTest, AHandlerThatIsEndedInItFreesItOnce) {
  const int misplaced_before = Tracker::misplaced();
  Event waits;
  OnSay([&](ServerContext&, const echo::SayRequest&, echo::SayReply&) -> Task<> {
    const Tracker mine;
    waits.Happen();
    (void)co_await rpc::Sleep(absl::Hours(1));
    const int unreached = co_await GetParam().run();
    ADD_FAILURE() << "a cancelled handler went on, with " << unreached;
    co_return absl::OkStatus();
  });
  auto call = echo_.Say(Saying("hello"));
  ASSERT_TRUE(waits.Comes());
  call.Cancel();
  ExpectServes();
  ExpectDrains();
  EXPECT_EQ(Tracker::alive(), 0);
  EXPECT_EQ(Tracker::misplaced(), misplaced_before);
}

// Through the stubs, where users write it.
class StubExpressionTest : public StageTest {
 protected:
  StubExpressionTest() {
    OnSay([](ServerContext& context, const echo::SayRequest& request,
             echo::SayReply& reply) -> Task<> {
      const auto key = context.metadata().Get("key");
      reply.set_text(request.text() + (key ? std::string(*key) : ""));
      return absl::OkStatus();
    });
  }

  std::vector<Call<echo::SayReply>> Twice(const std::string& text) {
    std::vector<Call<echo::SayReply>> calls;
    for (int i = 0; i < 2; ++i) calls.push_back(echo_.Say(Saying(text)));
    return calls;
  }
};

TEST_F(StubExpressionTest, OptionsAreBracedInTheAwait) {
  const std::string text = rpc::Run([&]() -> Task<std::string> {
    Metadata metadata;
    metadata.Add("key", std::string(100, 'v'));
    auto plain = co_await echo_.Say(Saying("a"), {.timeout = absl::Seconds(30)});
    auto keyed =
        co_await echo_.Say(Saying("b"), {.timeout = absl::Seconds(30), .metadata = &metadata});
    co_return plain.value().text() + keyed.value().text();
  });
  EXPECT_EQ(text, "ab" + std::string(100, 'v'));
}

TEST_F(StubExpressionTest, AReplyIsUsedWhereItIsAwaited) {
  const std::string text = rpc::Run([&]() -> Task<std::string> {
    std::string said = (co_await echo_.Say(Saying("one"))).value().text();
    if (const auto reply = co_await echo_.Say(Saying("two")); reply.ok()) said += reply->text();
    for (const auto& each : co_await WhenAll(Twice("three"))) said += each.value().text();
    co_return said + (co_await echo_.Say({})).value().text();
  });
  EXPECT_EQ(text, "onetwothreethree");
}

}  // namespace
}  // namespace rpc
