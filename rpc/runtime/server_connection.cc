#include "rpc/runtime/server_connection.h"

#include <utility>

#include "rpc/runtime/server_call.h"
#include "rpc/runtime/server_loop.h"

namespace rpc::runtime {

ServerConnection::ServerConnection(ServerLoop* server, std::unique_ptr<net::Transport> transport)
    : server_(server),
      session_(
          server->loop()->buffers(), server->limits(),
          [server](std::string_view name) { return server->table().Find(name); },
          server->loop()->now_us()),
      connection_(new net::Connection(server->loop(), std::move(transport), &session_, this)),
      peer_(connection_->peer()) {
  connection_->Start();
}

session::ServerSession& ServerConnection::session() {
  if (connection_ != nullptr) connection_->Touch();
  return session_;
}

void ServerConnection::Drain() { session().Drain(); }

void ServerConnection::CancelEveryCall(const absl::Status& why) { session().CancelEveryCall(why); }

void ServerConnection::Close(const absl::Status& why) {
  if (connection_ == nullptr) return;
  session().InputEnded(why);
}

void ServerConnection::OnEvent(const session::Event& event) {
  switch (event.kind) {
    case session::EventKind::kCall:
      return server_->Begin(this, event);
    case session::EventKind::kMessage:
    case session::EventKind::kHalfClosed:
    case session::EventKind::kWritable:
    case session::EventKind::kCancelled:
      return static_cast<ServerCall*>(event.tag)->OnEvent(event);
    default:
      return;
  }
}

void ServerConnection::CallEnded() {
  --calls_;
  LeaveWhenDone();
}

void ServerConnection::OnFlushed() {
  server_->CountSession(session_.counters(), counted_);
  counted_ = session_.counters();
}

void ServerConnection::OnOver() {
  if (session_.fault() != wire::WireFault::kNone) server_->CountBroken();
  connection_ = nullptr;
  LeaveWhenDone();
}

void ServerConnection::LeaveWhenDone() {
  if (connection_ == nullptr && calls_ == 0) server_->Forget(this);
}

}  // namespace rpc::runtime
