#include "rpc/runtime/client_connection.h"

#include <utility>

#include "rpc/runtime/loop_channel.h"

namespace rpc::runtime {

ClientConnection::ClientConnection(LoopChannel* channel, net::Loop* loop,
                                   const session::Limits& limits,
                                   std::unique_ptr<net::Transport> transport)
    : ClientCarrier(channel),
      session_(loop->buffers(), limits, loop->now_us()),
      connection_(loop, std::move(transport), &session_, this) {
  connection_.Start();
}

session::ClientSession& ClientConnection::session() {
  connection_.Touch();
  return session_;
}

absl::StatusOr<uint64_t> ClientConnection::Open(const session::Opening& opening,
                                                const session::Payload* request) {
  return request == nullptr ? session().Open(opening) : session().Open(opening, *request);
}

session::ReadResult ClientConnection::Read(uint64_t call, std::string_view* bytes) {
  return session().Read(call, bytes);
}

session::Sent ClientConnection::Write(uint64_t call, const session::Payload& message) {
  return session().Write(call, message);
}

void ClientConnection::CloseWriting(uint64_t call) { session().CloseWriting(call); }

void ClientConnection::Cancel(uint64_t call) { session().Cancel(call); }

void ClientConnection::Shutdown() { session().Shutdown(); }

void ClientConnection::OnEvent(const session::Event& event) {
  switch (event.kind) {
    case session::EventKind::kDraining:
    case session::EventKind::kClosed:
      return channel()->OnDraining(this, event.status);
    default:
      return static_cast<ClientCall*>(event.tag)->OnEvent(event);
  }
}

// More calls may be open than before, once the server has said so.
void ClientConnection::OnFlushed() {
  if (has_room()) channel()->OnRoom();
}

void ClientConnection::OnOver() {
  if (session_.open_calls() == 0) channel()->Forget(this);
}

}  // namespace rpc::runtime
