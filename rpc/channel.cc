#include "rpc/channel.h"

#include <coroutine>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/run.h"
#include "rpc/runtime/channel_core.h"
#include "rpc/runtime/gather.h"
#include "rpc/runtime/loop_channel.h"
#include "rpc/runtime/scope.h"
#include "rpc/sleep.h"
#include "rpc/when.h"

namespace rpc {
namespace {

using runtime::LoopChannel;

// Until the state of a channel changes.
class StateWait final : public runtime::Wait {
 public:
  explicit StateWait(LoopChannel* channel) : channel_(channel) { watcher_.wait = this; }

  bool await_ready() const { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if (!Suspend(coroutine)) return false;
    channel_->Watch(&watcher_);
    return true;
  }
  void await_resume() const {}

 private:
  LoopChannel* channel_;
  LoopChannel::Watcher watcher_;
};

Task<void> UntilReady(LoopChannel* channel) {
  while (channel->state() != ChannelState::kReady) {
    channel->Connect();
    if (channel->state() != ChannelState::kReady) co_await StateWait(channel);
  }
}

}  // namespace

std::string_view StateName(ChannelState state) {
  static constexpr std::string_view kNames[] = {"idle", "connecting", "ready", "backoff"};
  return kNames[static_cast<size_t>(state)];
}

Channel::Channel(std::string_view address, const ChannelOptions& options)
    : core_(runtime::ChannelCore::To(address, options)) {}

void Channel::Use(ClientInterceptor interceptor) {
  core_->interceptors().push_back(std::move(interceptor));
}

ChannelState Channel::state() const { return core_->state(); }

Task<> Channel::Ready(absl::Duration timeout) const {
  const std::shared_ptr<runtime::ChannelCore> core = core_;
  runtime::Scope* const scope = co_await runtime::EnterScope{};
  if (core->options().connection_per_call) {
    co_return absl::FailedPreconditionError("each call of this channel has its own connection");
  }
  if (core->options().loop != nullptr && core->options().loop != scope->loop()) {
    co_return absl::FailedPreconditionError("the channel belongs to another loop");
  }
  LoopChannel* const channel = core->OnLoop(scope->loop());
  auto first = co_await WhenAny(UntilReady(channel), Sleep(timeout));
  if (channel->state() == ChannelState::kReady) co_return absl::OkStatus();
  if (scope->cancelled()) co_return absl::CancelledError("cancelled while connecting");
  const absl::Status failure = channel->failure();
  co_return absl::DeadlineExceededError(
      absl::StrCat("not connected after ", absl::FormatDuration(timeout),
                   failure.ok() ? "" : absl::StrCat(": ", failure.ToString())));
}

absl::Status Channel::WaitUntilReady(absl::Duration timeout) const {
  if (net::Loop::Current() != nullptr) {
    return absl::FailedPreconditionError(
        "WaitUntilReady on a loop's own thread would never return: co_await Ready");
  }
  return runtime::RunOn(core_->LoopForCaller(), [&] { return Ready(timeout); });
}

}  // namespace rpc
