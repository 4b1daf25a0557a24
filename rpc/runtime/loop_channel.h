// A channel's part on one loop: its connections, and the calls that wait for one.
//
// Internal. Threads: belongs to its loop, but for `loop` and `state`.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/channel.h"
#include "rpc/net/address.h"
#include "rpc/net/connector.h"
#include "rpc/net/list.h"
#include "rpc/net/loop.h"
#include "rpc/runtime/client_call.h"
#include "rpc/runtime/client_carrier.h"
#include "rpc/runtime/door.h"
#include "rpc/runtime/line.h"

namespace rpc::runtime {

// Where a channel leads, and how. (With a constructor: g++ 12 warns of aggregates like this one.)
struct Target {
  Target(const ChannelOptions& options, const session::Limits& limits)
      : options(options), limits(limits) {
    connecting.socket = options.socket;
  }

  ChannelOptions options;
  session::Limits limits;  // with what other options say of them
  absl::StatusOr<net::Address> address = absl::InternalError("there is a door instead");
  net::ConnectOptions connecting = {};
  std::shared_ptr<Door> door = {};  // instead of an address, into a server of this process
};

// The one of two states in which a call could be sent sooner.
ChannelState Better(ChannelState a, ChannelState b);

class LoopChannel final : private net::LoopUser {
 public:
  LoopChannel(std::shared_ptr<const Target> target, net::Loop* loop);
  ~LoopChannel();

  const Target& target() const { return *target_; }
  net::Loop* loop() const { return loop_; }

  // Any thread.
  bool IsOn(const net::Loop* loop) const {
    return loop_ == loop && !ended_.load(std::memory_order_relaxed);
  }
  const std::shared_ptr<net::Mailbox>& mailbox() { return mailbox_; }
  ChannelState state() const { return state_.load(std::memory_order_relaxed); }

  // Who waits for the state to change: woken once.
  struct Watcher : net::ListNode {
    runtime::Wait* wait = nullptr;
  };
  void Watch(Watcher* watcher) { watchers_.push_back(watcher); }
  // Why there is no connection: what the last attempt failed with, also while the next one is under
  // way. OK when there was none.
  absl::Status failure() const;

  // Opens the call, now or when there is a connection for it.
  void Begin(ClientCall* call);
  // Connects the first line if it is idle.
  void Connect();
  // For the sentence of a call whose deadline passed while it waited.
  std::string_view WhatIsWaitedFor() const;

  // From its calls, lines and connections.
  void CallStopsWaiting();
  // A call that pauses, or that only its interceptors are busy with.
  void Hold(ClientCall* call) { held_.push_back(&call->place); }
  void OnLineReady(Line* line);
  void OnLineFailed(const absl::Status& why);
  void OnLineIdle(Line* line);
  void OnDraining(ClientCarrier* carrier, const absl::Status& why);
  void OnRoom();
  void Forget(ClientCarrier* carrier);

 private:
  void OnLoopEnd() override;
  bool OpenOnAnyLine(ClientCall* call);
  Line* NextLine();
  void OpenWaiting();
  void FailWaiting(const absl::Status& why);
  bool AllLinesPause() const;
  void RetireLine(Line* line);
  void RetireUnwanted();
  void UpdateState();

  const std::shared_ptr<const Target> target_;
  net::Loop* const loop_;
  const std::shared_ptr<net::Mailbox> mailbox_;
  const bool connection_per_call_;
  // As many as the options say, or, with a connection for each call, one for each that waits.
  std::vector<std::unique_ptr<Line>> lines_;
  size_t next_line_ = 0;
  net::List<ClientCarrier> apart_;  // that no further call is opened on
  net::List<ClientCall::Place> waiting_;
  net::List<ClientCall::Place> held_;
  bool opening_ = false;
  size_t waiting_count_ = 0;
  std::atomic<bool> ended_{false};
  net::List<Watcher> watchers_;
  std::atomic<ChannelState> state_{ChannelState::kIdle};
};

}  // namespace rpc::runtime
