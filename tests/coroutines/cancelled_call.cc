#include "tests/coroutines/cancelled_call.h"

#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace rpc {

std::string EndingName(Ending ending) {
  static const char* const kNames[] = {"Cancelled", "PastItsDeadline", "Lost"};
  return kNames[static_cast<int>(ending)];
}

CancelledCallTest::CancelledCallTest()
    : client_channel_(server_->InProcess({.loop = client_loop_.loop()})) {
  OnChat([this](ServerContext& context, Stream<echo::Line, echo::Line>& stream) {
    return Handle(context, stream);
  });
}

CancelledCallTest::~CancelledCallTest() {
  StopServer();
  client_loop_.Stop();
}

void CancelledCallTest::Begin(Ending ending, std::function<Task<>(Scene)> handler) {
  handler_ = std::move(handler);
  ending_ = ending;
  const absl::Duration timeout =
      ending == Ending::kDeadline ? absl::Milliseconds(300) : absl::InfiniteDuration();
  const echo::Echo::Client client(client_channel_);
  call_.emplace(client.Chat({.timeout = timeout}));
  ASSERT_TRUE(waits_.Comes());
}

void CancelledCallTest::EndCall() {
  if (ending_ == Ending::kCancel) call_->Cancel();
  if (ending_ == Ending::kLoss) client_loop_.Stop();
}

void CancelledCallTest::ExpectHandlerGone() {
  ASSERT_TRUE(gone_.Comes());
  ExpectServes();
  ExpectDrains();
  EXPECT_EQ(locals_made_, 1);
  EXPECT_EQ(gone_.times(), 1);
  EXPECT_GE(server_->counters().calls_cancelled, 1u);
}

Task<> CancelledCallTest::Handle(ServerContext& context, Stream<echo::Line, echo::Line>& stream) {
  const Local local(this);
  const Scene scene{.context = context,
                    .stream = stream,
                    .self = echo_,
                    .waits = waits_,
                    .rounds_after_end = &rounds_after_end_};
  co_return co_await handler_(scene);
}

}  // namespace rpc
