// One connection of a channel: its session, and the calls on it.
//
// Internal. Threads: belongs to its loop. Lifetime: its channel destroys it, when it is over and
// every message that came over it has been read.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "rpc/net/connection.h"
#include "rpc/net/list.h"
#include "rpc/net/loop.h"
#include "rpc/net/transport.h"
#include "rpc/runtime/client_call.h"
#include "rpc/session/client_session.h"

namespace rpc::runtime {

class LoopChannel;

class ClientConnection final : public net::ListNode, private net::Connection::Owner {
 public:
  ClientConnection(LoopChannel* channel, net::Loop* loop, const session::Limits& limits,
                   std::unique_ptr<net::Transport> transport);

  // The session, in the present: what is asked of it goes out at the end of the turn.
  session::ClientSession& session();

  // Whether a call can be opened on it now, and whether ever.
  bool has_room() const { return accepts_calls() && session_.open_calls() < session_.calls_max(); }
  bool accepts_calls() const { return session_.accepts_calls(); }

  // From now on it is for one call only, and closes after it.
  void SetSingleUse() { single_use_ = true; }
  void AddCall(ClientCall* call) { calls_.push_back(&call->place); }
  void OnCallEnded();

  // Ends all of its calls, now.
  void EndCalls(const absl::Status& why);

 private:
  void OnEvent(const session::Event& event) override;
  void OnFlushed() override;
  void OnOver() override;

  LoopChannel* channel_;
  session::ClientSession session_;
  net::Connection connection_;
  net::List<ClientCall::Place> calls_;
  bool single_use_ = false;
};

}  // namespace rpc::runtime
