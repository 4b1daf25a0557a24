#include "rpc/runtime/client_connection.h"

#include <utility>

#include "rpc/runtime/loop_channel.h"

namespace rpc::runtime {

ClientConnection::ClientConnection(LoopChannel* channel, net::Loop* loop,
                                   const session::Limits& limits,
                                   std::unique_ptr<net::Transport> transport)
    : channel_(channel),
      session_(loop->buffers(), limits, loop->now_us()),
      connection_(loop, std::move(transport), &session_, this) {
  connection_.Start();
}

session::ClientSession& ClientConnection::session() {
  connection_.Touch();
  return session_;
}

void ClientConnection::OnCallEnded() {
  if (single_use_) session().Shutdown();
  channel_->OnRoom();
}

void ClientConnection::EndCalls(const absl::Status& why) {
  while (ClientCall::Place* place = calls_.front()) place->call->Cancel(why);
}

void ClientConnection::OnEvent(const session::Event& event) {
  switch (event.kind) {
    case session::EventKind::kDraining:
    case session::EventKind::kClosed:
      return channel_->OnDraining(this);
    default:
      return static_cast<ClientCall*>(event.tag)->OnEvent(event);
  }
}

// More calls may be open than before, once the server has said so.
void ClientConnection::OnFlushed() {
  if (has_room()) channel_->OnRoom();
}

void ClientConnection::OnOver() {
  if (session_.open_calls() == 0) channel_->Forget(this);
}

}  // namespace rpc::runtime
