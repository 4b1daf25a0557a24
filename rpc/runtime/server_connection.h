// One connection of a server: its session, and the calls that came over it.
//
// Internal. Threads: belongs to its loop. It goes when the connection is over and every handler
// that it began has ended.
#pragma once

#include <memory>
#include <string>

#include "rpc/net/connection.h"
#include "rpc/net/list.h"
#include "rpc/net/transport.h"
#include "rpc/session/server_session.h"

namespace rpc::runtime {

class ServerLoop;

class ServerConnection final : public net::ListNode, private net::Connection::Owner {
 public:
  ServerConnection(ServerLoop* server, std::unique_ptr<net::Transport> transport);

  void Drain();
  void CancelEveryCall(const absl::Status& why);
  // Closes the connection at once; its calls are cancelled.
  void Close(const absl::Status& why);

  // The session, in the present: what is asked of it goes out at the end of the turn.
  session::ServerSession& session();
  ServerLoop* server() { return server_; }
  const std::string& peer() const { return peer_; }

  // A handler has begun, and has ended.
  void CallBegan() { ++calls_; }
  void CallEnded();

 private:
  void OnEvent(const session::Event& event) override;
  void OnFlushed() override;
  void OnOver() override;
  void LeaveWhenDone();

  ServerLoop* server_;
  session::ServerSession session_;
  std::unique_ptr<net::Connection> connection_;  // null when it is over
  std::string peer_;
  session::Counters counted_;  // what the server's counters know of the session's
  size_t calls_ = 0;
};

}  // namespace rpc::runtime
