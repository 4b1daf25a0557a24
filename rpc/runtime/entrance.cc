#include "rpc/runtime/entrance.h"

#include <cstdio>
#include <string>
#include <utility>

#include "rpc/net/socket_transport.h"
#include "rpc/runtime/server_loop.h"
#include "rpc/wire/bytes_as_text.h"

namespace rpc::runtime {
namespace {

// Of a sentence: it may repeat what a peer has sent.
constexpr size_t kToldSizeMax = 500;

}  // namespace

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

void Entrance::OnPlain(std::unique_ptr<net::Transport> transport, std::string_view first_bytes) {
  if (rules_->plain_allowed) {
    server_->Accept(std::move(transport), rules_->limits);
  } else {
    server_->CountPlainRefused();
    // Anybody else would not understand an answer.
    if (first_bytes[0] == 0) {
      const bool json = first_bytes.ends_with('{');
      server_->AcceptToReject(
          std::move(transport), rules_->limits, json ? wire::Form::kJson : wire::Form::kBinary,
          absl::PermissionDeniedError("this address takes TLS only: connect with tls://, or with "
                                      "TLS over the unix socket"));
    }
  }
  server_->CheckOver();
}

void Entrance::OnTurnedAway(const absl::Status& why) {
  server_->CountHandshakeFailed();
  TellSometimes(why);
  server_->CheckOver();
}

// Strangers can make this happen as often as they like: one line a second.
void Entrance::TellSometimes(const absl::Status& why) {
  ++untold_;
  const net::TimeUs now_us = server_->loop()->now_us();
  if (now_us < told_us_ + session::kSecondUs) return;
  std::fprintf(stderr, "rpc: TLS handshakes that failed: %llu, the last: %s\n",
               static_cast<unsigned long long>(untold_),
               wire::Printable(std::string(why.message()), kToldSizeMax).c_str());
  untold_ = 0;
  told_us_ = now_us;
}

}  // namespace rpc::runtime
