#include "rpc/runtime/entrance.h"

#include <utility>

#include "rpc/net/socket_transport.h"
#include "rpc/runtime/server_loop.h"

namespace rpc::runtime {

Entrance::Entrance(ServerLoop* server, net::Descriptor socket, const EntranceRules* rules)
    : server_(server), rules_(rules) {
  if (rules->tls.has_value()) {
    gate_.emplace(server->loop(), *rules->tls, rules->gate, static_cast<net::Gate::User*>(this));
  }
  listener_.emplace(
      server->loop(), std::move(socket),
      [this](net::Descriptor accepted) { OnAccept(std::move(accepted)); },
      [server] { server->CountAcceptFailure(); });
}

void Entrance::Close() {
  listener_.reset();  // those who had connected are accepted now
  if (gate_.has_value()) gate_->CloseAt(server_->loop()->now_us() + session::kSecondUs);
}

void Entrance::OnAccept(net::Descriptor socket) {
  if (gate_.has_value()) return gate_->Enter(std::move(socket));
  server_->Accept(net::NewSocketTransport(server_->loop(), std::move(socket)), rules_->limits);
}

void Entrance::OnSecure(std::unique_ptr<net::Transport> transport) {
  server_->Accept(std::move(transport), rules_->secure_limits);
  server_->CheckOver();
}

void Entrance::OnPlain(std::unique_ptr<net::Transport> transport, char first_byte) {
  if (rules_->plain_allowed) {
    server_->Accept(std::move(transport), rules_->limits);
  } else {
    server_->CountPlainRefused();
    // Anybody else would not understand an answer.
    if (first_byte == 0) {
      server_->AcceptToReject(
          std::move(transport), rules_->limits,
          absl::PermissionDeniedError("this address takes TLS only: connect with tls://"));
    }
  }
  server_->CheckOver();
}

void Entrance::OnTurnedAway(const absl::Status&) {
  server_->CountHandshakeFailed();
  server_->CheckOver();
}

}  // namespace rpc::runtime
