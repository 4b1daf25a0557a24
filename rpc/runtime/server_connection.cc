#include "rpc/runtime/server_connection.h"

#include <utility>

#include "rpc/runtime/server_call.h"
#include "rpc/runtime/server_loop.h"

namespace rpc::runtime {

ServerConnection::ServerConnection(ServerLoop* server, std::unique_ptr<net::Transport> transport,
                                   const session::Limits& limits)
    : server_(server),
      session_(
          server->loop()->buffers(), limits,
          [server](std::string_view name) { return server->FindMethod(name); },
          server->loop()->now_us()) {
  connection_.emplace(server->loop(), std::move(transport), &session_,
                      static_cast<net::Connection::Owner*>(this));
  connection_->Start();
}

session::ServerSession& ServerConnection::session() {
  if (connection_.has_value()) connection_->Touch();
  return session_;
}

void ServerConnection::Drain() { session().Drain(); }

void ServerConnection::CancelEveryCall(const absl::Status& why) { session().CancelEveryCall(why); }

void ServerConnection::Reject(const absl::Status& why, wire::Form form) {
  session().Reject(why, form);
}

void ServerConnection::Close(const absl::Status& why) {
  if (connection_.has_value()) session().Abandon(why);
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
    case session::EventKind::kClosed:
      if (calls_ > 0) peer_ = connection_->peer();  // their handlers may ask later
      return;
    default:
      return;
  }
}

std::shared_ptr<const net::Peer> ServerConnection::FindPeer(uint64_t) {
  return peer_ != nullptr ? peer_ : connection_->peer();
}

void ServerConnection::CallBegan(uint64_t call, void* tag) {
  ++calls_;
  session().SetTag(call, tag);
}

void ServerConnection::CallEnded() {
  --calls_;
  LeaveWhenDone();
}

session::ReadResult ServerConnection::Read(uint64_t call, std::string_view* bytes) {
  return session().Read(call, bytes);
}

session::Sent ServerConnection::Write(uint64_t call, const session::Payload& message) {
  return session().Write(call, message);
}

absl::Status ServerConnection::SendMetadata(uint64_t call,
                                            std::span<const wire::Metadatum> metadata) {
  const session::Sent sent = session().SendMetadata(call, metadata);
  return sent == session::Sent::kGone ? absl::CancelledError("the call is over") : absl::OkStatus();
}

bool ServerConnection::End(uint64_t call, const absl::Status& status, const session::Payload* reply,
                           std::span<const wire::Metadatum> trailing) {
  return session().End(call, status, reply, trailing);
}

void ServerConnection::Refuse(uint64_t call, const absl::Status& status) {
  session().Refuse(call, status);
}

void ServerConnection::OnFlushed() {
  const session::Counters& now = session_.counters();
  server_->CountSession(
      now.calls_refused - std::exchange(calls_refused_, now.calls_refused),
      now.bodies_corrupted - std::exchange(bodies_corrupted_, now.bodies_corrupted));
}

void ServerConnection::OnOver() {
  server_->CountClosed(session_.close_cause());
  connection_.reset();
  LeaveWhenDone();
}

void ServerConnection::LeaveWhenDone() {
  if (!connection_.has_value() && calls_ == 0) server_->Forget(this);
}

}  // namespace rpc::runtime
