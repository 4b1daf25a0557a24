#include "tests/simulation/client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rpc::simulation {

using session::Event;
using session::EventKind;

ClientConnection::ClientConnection(World* world, const Clock* clock, Checker* checker, Link* link,
                                   session::Buffers* buffers)
    : Endpoint(world, clock, link, &link->down(), &link->up()), checker_(checker) {
  auto session = std::make_unique<session::ClientSession>(buffers, world->scenario().client_limits,
                                                          now_us(), link->hello());
  session_ = session.get();
  Endpoint::Begin(std::move(session));
}

void ClientConnection::Open(CallRecord* record) {
  BeginAct();
  calls_.emplace_back(world(), checker_, this, record).Open();
}

void ClientConnection::Shutdown() {
  if (!BeginAct()) return;
  link().shut_down = true;
  session_->Shutdown();
}

void ClientConnection::OnEvent(const Event& event) {
  world()->Digest(event.call * 16 + static_cast<uint64_t>(event.kind));
  if (event.kind == EventKind::kClosed) {
    world()->Write(
        absl::StrCat(link().name(), " is closed at the client: ", event.status.ToString()));
    return;
  }
  if (event.kind == EventKind::kDraining) return;
  if (event.tag == nullptr) return world()->Complain("a client was told of a call it did not make");
  static_cast<ClientCall*>(event.tag)->OnEvent(event);
}

void ClientConnection::CheckTurn() {}

// The process.

Client::Client(World* world, Checker* checker, int number, Connect connect)
    : world_(world),
      checker_(checker),
      number_(number),
      connect_(std::move(connect)),
      clock_(world, (1 + number) * 77'777 * kSecondUs),
      places_(world->scenario().connections_per_client, nullptr) {}

void Client::Start(CallRecord* record) {
  ClientConnection* connection = ConnectionFor(world_->random().Below(places_.size()));
  if (connection == nullptr) {
    return checker_->OnNotOpened(record, absl::UnavailableError("the connection was refused"));
  }
  connection->Open(record);
}

// The connection that stands there, or a new one when it takes no calls any more.
ClientConnection* Client::ConnectionFor(size_t place) {
  ClientConnection*& connection = places_[place];
  if (connection != nullptr && connection->open() && connection->session()->accepts_calls()) {
    return connection;
  }
  const bool hello = !world_->random().Percent(world_->scenario().hello_less_percent);
  Link* link = connect_(world_->random().Below(world_->scenario().servers), hello);
  if (link == nullptr) return nullptr;
  world_->Count(hello ? "connections" : "connections without HELLO");
  connection = &connections_.emplace_back(world_, &clock_, checker_, link, &buffers_);
  return connection;
}

void Client::JumpClock() {
  const TimeUs by_us = world_->random().Spread(10'000 * kSecondUs);
  world_->Count("fault: clock of a client jumps");
  world_->Write(absl::StrCat("the clock of client ", number_, " jumps by ", by_us, " us"));
  clock_.Jump(by_us);
  for (ClientConnection& connection : connections_) {
    connection.link().may_be_lost = true;
    if (connection.open()) connection.Wake();
  }
}

void Client::PauseReading() {
  const TimeUs duration_us = world_->random().Spread(3 * kSecondUs);
  world_->Count("fault: client leaves its sockets unread");
  for (ClientConnection& connection : connections_) connection.PauseReading(duration_us);
}

void Client::ShutDownOne() {
  if (connections_.empty()) return;
  world_->Count("fault: client closes a connection");
  connections_[world_->random().Below(connections_.size())].Shutdown();
}

void Client::ShutDownAll() {
  for (ClientConnection& connection : connections_) connection.Shutdown();
}

bool Client::all_closed() const {
  return std::none_of(connections_.begin(), connections_.end(),
                      [](const ClientConnection& connection) { return connection.open(); });
}

bool Client::idle() const {
  return std::all_of(connections_.begin(), connections_.end(),
                     [](const ClientConnection& connection) { return connection.idle(); });
}

}  // namespace rpc::simulation
