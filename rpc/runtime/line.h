// One place for a connection in a channel: connects, pauses when that fails, and gives the
// connection up when it takes no more calls.
//
// Internal. Threads: belongs to its loop.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/channel.h"
#include "rpc/net/connector.h"
#include "rpc/net/loop.h"
#include "rpc/net/resolver.h"
#include "rpc/net/transport.h"
#include "rpc/runtime/client_carrier.h"

namespace rpc::runtime {

class LoopChannel;

class Line final : private net::Timer {
 public:
  explicit Line(LoopChannel* channel) : channel_(channel) {}

  ChannelState state() const { return state_; }
  // REQUIRES: state() is kReady
  ClientCarrier* carrier() { return carrier_.get(); }
  // What the last attempt failed with; OK when there was none, or it did not.
  const absl::Status& failure() const { return failure_; }

  // Begins to connect, if it is idle.
  void Connect();

  // Gives its carrier, which takes no more calls, to whoever keeps it to its end.
  std::unique_ptr<ClientCarrier> Release();
  // The same where the carrier's connection has ended, as `why` says. If the server had said
  // nothing by then, the attempt has failed: whoever accepts and closes is not tried in a hurry.
  std::unique_ptr<ClientCarrier> Lose(const absl::Status& why);

 private:
  net::TimeUs ConnectTimeoutUs() const;
  void ConnectStream();
  void ConnectDatagrams();
  void OnConnected(absl::StatusOr<std::unique_ptr<net::Transport>> transport);
  void OnResolved(absl::StatusOr<net::Resolver::Addresses> addresses);
  void OnReady(std::unique_ptr<ClientCarrier> carrier);
  void OnFailed(const absl::Status& why);
  void OnTime() override;

  LoopChannel* channel_;
  ChannelState state_ = ChannelState::kIdle;
  std::unique_ptr<net::Connector> connector_;
  std::unique_ptr<net::Resolver> resolver_;  // for datagrams
  std::unique_ptr<ClientCarrier> carrier_;
  absl::Status failure_;
  int failures_ = 0;  // in a row
};

}  // namespace rpc::runtime
