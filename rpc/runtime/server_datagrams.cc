#include "rpc/runtime/server_datagrams.h"

#include <string>
#include <utility>

#include "rpc/runtime/server_call.h"
#include "rpc/runtime/server_loop.h"

namespace rpc::runtime {
namespace {

uint64_t Dropped(const session::DatagramCounters& counters) {
  return counters.dropped_not_a_frame + counters.dropped_not_a_call + counters.dropped_bad_md5 +
         counters.dropped_too_large;
}

}  // namespace

ServerDatagrams::ServerDatagrams(ServerLoop* server, net::Descriptor socket,
                                 const session::DatagramLimits& limits)
    : server_(server),
      session_(
          limits, [server](std::string_view name) { return server->table().Find(name); },
          server->loop()->now_us()) {
  socket_.emplace(server->loop(), std::move(socket), static_cast<net::DatagramSocket::User*>(this));
}

session::DatagramServer& ServerDatagrams::session() {
  session_.Advance(server_->loop()->now_us());
  server_->loop()->FlushLater(this);
  return session_;
}

void ServerDatagrams::Drain() { session().Drain(); }

void ServerDatagrams::CancelEveryCall(const absl::Status& why) { session().CancelEveryCall(why); }

void ServerDatagrams::Close() {
  socket_.reset();
  server_->loop()->ClearTimer(this);
  CancelEveryCall(absl::UnavailableError("the server is gone"));
}

void ServerDatagrams::CloseSoon() {
  closing_ = true;
  server_->loop()->ClearTimer(this);
  server_->loop()->FlushLater(this);
}

void ServerDatagrams::OnDatagram(std::string_view source, std::string_view bytes) {
  session().Receive(source, bytes);
  TellEvents();
}

void ServerDatagrams::TellEvents() {
  session::Event event;
  while (session_.Next(&event)) {
    if (event.kind == session::EventKind::kCall) {
      server_->Begin(this, event);
    } else {
      static_cast<ServerCall*>(event.tag)->OnEvent(event);
    }
  }
}

void ServerDatagrams::Flush() {
  TellEvents();
  session::Datagram datagram;
  while (session_.NextDatagram(&datagram)) {
    // What gets lost is asked for again.
    if (socket_.has_value()) (void)socket_->Send(datagram.destination, datagram.bytes);
  }
  CountSession();
  if (closing_) socket_.reset();
  const net::TimeUs next_us = session_.NextTimeUs();
  if (socket_.has_value() && next_us != net::kNever) server_->loop()->SetTimer(this, next_us);
}

void ServerDatagrams::CountSession() {
  const session::DatagramCounters& now = session_.counters();
  server_->CountSession(now.calls_refused - counted_.calls_refused,
                        now.dropped_bad_md5 - counted_.dropped_bad_md5);
  server_->CountDatagrams(now.received - counted_.received, Dropped(now) - Dropped(counted_));
  counted_ = now;
}

std::shared_ptr<const net::Peer> ServerDatagrams::FindPeer(uint64_t call) {
  return std::make_shared<net::Peer>(net::Peer{net::SourceText(session_.SourceOf(call))});
}

void ServerDatagrams::CallBegan(uint64_t call, void* tag) {
  ++calls_;
  session().SetTag(call, tag);
}

void ServerDatagrams::CallEnded() {
  --calls_;
  server_->CheckOver();
}

// Only methods with one request and one reply are called by datagrams.

session::ReadResult ServerDatagrams::Read(uint64_t, std::string_view*) {
  return session::ReadResult::kGone;
}

session::Sent ServerDatagrams::Write(uint64_t, const session::Payload&) {
  return session::Sent::kGone;
}

absl::Status ServerDatagrams::SendMetadata(uint64_t, std::span<const wire::Metadatum>) {
  return absl::UnimplementedError(
      "over udp:// there is no metadata before the reply; context.trailing() goes with it");
}

bool ServerDatagrams::End(uint64_t call, const absl::Status& status, const session::Payload* reply,
                          std::span<const wire::Metadatum> trailing) {
  return session().End(call, status, reply, trailing);
}

void ServerDatagrams::Refuse(uint64_t call, const absl::Status& status) {
  session().Refuse(call, status);
}

}  // namespace rpc::runtime
