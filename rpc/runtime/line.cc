#include "rpc/runtime/line.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/runtime/client_connection.h"
#include "rpc/runtime/client_datagrams.h"
#include "rpc/runtime/loop_channel.h"
#include "rpc/runtime/random.h"

namespace rpc::runtime {
namespace {

// Doubled no more often than this, whatever the options say.
constexpr int kDoublingsMax = 20;

net::TimeUs PauseUs(const ChannelOptions& options, int failures) {
  const int64_t min_us = std::max<int64_t>(1'000, absl::ToInt64Microseconds(options.backoff_min));
  const int64_t max_us = std::max(min_us, absl::ToInt64Microseconds(options.backoff_max));
  const int doublings = std::min(failures - 1, kDoublingsMax);
  const int64_t whole_us = min_us > (max_us >> doublings) ? max_us : min_us << doublings;
  return RandomBetween(static_cast<uint64_t>(whole_us / 2), static_cast<uint64_t>(whole_us));
}

}  // namespace

void Line::Connect() {
  if (state_ != ChannelState::kIdle) return;
  state_ = ChannelState::kConnecting;
  const Target& target = channel_->target();
  if (target.door != nullptr) {
    std::unique_ptr<net::Transport> transport = target.door->Enter(channel_->loop());
    if (transport == nullptr) return OnFailed(absl::UnavailableError("the server is gone"));
    return OnConnected(std::move(transport));
  }
  if (!target.address.ok()) return OnFailed(target.address.status());
  target.address->scheme == net::Scheme::kUdp ? ConnectDatagrams() : ConnectStream();
}

net::TimeUs Line::ConnectTimeoutUs() const {
  const absl::Duration timeout = channel_->target().options.connect_timeout;
  return static_cast<net::TimeUs>(std::max<int64_t>(1, absl::ToInt64Microseconds(timeout)));
}

void Line::ConnectStream() {
  const Target& target = channel_->target();
  connector_ = std::make_unique<net::Connector>(
      channel_->loop(), *target.address, target.connecting, ConnectTimeoutUs(),
      [this](absl::StatusOr<std::unique_ptr<net::Transport>> transport) {
        connector_ = nullptr;
        OnConnected(std::move(transport));
      });
}

void Line::ConnectDatagrams() {
  net::Loop* const loop = channel_->loop();
  resolver_ = std::make_unique<net::Resolver>(
      loop, *channel_->target().address, [this](absl::StatusOr<net::Resolver::Addresses> found) {
        resolver_ = nullptr;
        channel_->loop()->ClearTimer(this);
        OnResolved(std::move(found));
      });
  loop->SetTimer(this, session::After(loop->now_us(), ConnectTimeoutUs()));
}

void Line::OnConnected(absl::StatusOr<std::unique_ptr<net::Transport>> transport) {
  if (!transport.ok()) return OnFailed(transport.status());
  OnReady(std::make_unique<ClientConnection>(channel_, channel_->loop(), channel_->target().limits,
                                             *std::move(transport)));
}

void Line::OnResolved(absl::StatusOr<net::Resolver::Addresses> addresses) {
  if (!addresses.ok()) return OnFailed(addresses.status());
  const Target& target = channel_->target();
  auto datagrams =
      std::make_unique<ClientDatagrams>(channel_, channel_->loop(), target.options.datagrams,
                                        target.options.socket, *std::move(addresses));
  if (absl::Status s = datagrams->Connect(); !s.ok()) return OnFailed(s);
  OnReady(std::move(datagrams));
}

void Line::OnReady(std::unique_ptr<ClientCarrier> carrier) {
  state_ = ChannelState::kReady;
  failure_ = absl::OkStatus();
  carrier_ = std::move(carrier);
  channel_->OnLineReady(this);
}

void Line::OnFailed(const absl::Status& why) {
  state_ = ChannelState::kBackoff;
  failure_ = why;
  ++failures_;
  channel_->loop()->SetTimer(
      this, channel_->loop()->now_us() + PauseUs(channel_->target().options, failures_));
  channel_->OnLineFailed(failure_);
}

// An attempt has taken too long, or the pause after one is over.
void Line::OnTime() {
  if (state_ == ChannelState::kConnecting) {
    resolver_ = nullptr;
    return OnFailed(absl::UnavailableError(
        absl::StrCat("cannot resolve ", ToString(*channel_->target().address), " within ",
                     absl::FormatDuration(channel_->target().options.connect_timeout))));
  }
  state_ = ChannelState::kIdle;
  channel_->OnLineIdle(this);
}

std::unique_ptr<ClientCarrier> Line::Release() {
  state_ = ChannelState::kIdle;
  return std::move(carrier_);
}

std::unique_ptr<ClientCarrier> Line::Lose(const absl::Status& why) {
  std::unique_ptr<ClientCarrier> carrier = Release();
  if (carrier->heard()) {
    failures_ = 0;
  } else {
    const absl::StatusOr<net::Address>& address = channel_->target().address;
    OnFailed(absl::UnavailableError(
        absl::StrCat("the connection", address.ok() ? absl::StrCat(" to ", ToString(*address)) : "",
                     " ended before the server had said anything: ", why.message())));
  }
  return carrier;
}

}  // namespace rpc::runtime
