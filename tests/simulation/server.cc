#include "tests/simulation/server.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rpc::simulation {
namespace {

using session::Event;
using session::EventKind;

// What the books may be off by: headers of calls, which are small here.
constexpr uint64_t kMemorySlack = 1 << 10;

uint64_t KeyOf(const wire::Header& header) {
  for (const wire::Metadatum& m : header.metadata) {
    uint64_t key = 0;
    if (m.key == kKeyName) std::from_chars(m.value.data(), m.value.data() + m.value.size(), key);
    if (key > 0) return key;
  }
  return 0;
}

}  // namespace

ServerConnection::ServerConnection(World* world, const Clock* clock, Checker* checker, Link* link,
                                   session::Buffers* buffers)
    : Endpoint(world, clock, link, &link->up(), &link->down()), checker_(checker) {
  auto session = std::make_unique<session::ServerSession>(buffers, world->scenario().server_limits,
                                                          FindMethod, now_us());
  session_ = session.get();
  Endpoint::Begin(std::move(session));
}

void ServerConnection::OnEvent(const Event& event) {
  world()->Digest(event.call * 16 + static_cast<uint64_t>(event.kind));
  if (event.kind == EventKind::kClosed) {
    world()->Write(
        absl::StrCat(link().name(), " is closed at the server: ", event.status.ToString()));
    return;
  }
  if (event.kind == EventKind::kCall) return OnCall(event);
  if (event.tag == nullptr) return world()->Complain("an event came for a call that never began");
  static_cast<Handler*>(event.tag)->OnEvent(event);
}

void ServerConnection::OnCall(const Event& event) {
  CallRecord* call = checker_->Find(KeyOf(*event.header));
  if (!link().tainted && call == nullptr) {
    return world()->Complain("a handler was given a call that nobody made");
  }
  // A damaged header may give the call another method, or that of another call.
  if (link().tainted && (call == nullptr || call->link != &link() || call->begins > 0 ||
                         call->plan.name() != event.header->name)) {
    call = nullptr;
  }
  ++handlers_running_;
  Handler& handler = handlers_.emplace_back(world(), checker_, this, call, event.call);
  session_->SetTag(event.call, &handler);
  handler.Begin(event);
}

void ServerConnection::CheckTurn() {
  const session::Limits& limits = world()->scenario().server_limits;
  if (session_->memory_size() > limits.memory_size_max + kMemorySlack) {
    world()->Complain(absl::StrCat("the server holds ", session_->memory_size(), " bytes for ",
                                   link().name(), ", and at most ", limits.memory_size_max,
                                   " are allowed"));
  }
  CheckMemoryCounted();
  if (session_->ending() == session::Ending::kNo && handlers_running_ > limits.calls_max) {
    world()->Complain(absl::StrCat(handlers_running_, " handlers run for ", link().name(),
                                   ", and at most ", limits.calls_max, " are allowed"));
  }
}

// What has arrived and was not read is held, and so has to be counted.
void ServerConnection::CheckMemoryCounted() {
  if (link().tainted || link().may_be_lost || !link().up().empty()) return;
  if (session_->ending() != session::Ending::kNo || handlers_running_ == 0 ||
      world()->steps() % 4 != 0)
    return;
  uint64_t unread_size = 0;
  for (const Handler& handler : handlers_) unread_size += handler.unread_size();
  if (unread_size <= session_->memory_size()) return;
  world()->Complain(absl::StrCat("the handlers of ", link().name(), " have not read ", unread_size,
                                 " bytes, but the session counts ", session_->memory_size()));
}

void ServerConnection::Drain() {
  if (!BeginAct()) return;
  link().drained = true;
  session_->Drain();
}

void ServerConnection::CancelEveryCall() {
  if (!BeginAct() || session_->open_calls() == 0) return;
  link().drain_expired = true;
  session_->CancelEveryCall(absl::UnavailableError("the time to drain is over"));
}

// The process.

Server::Server(World* world, Checker* checker, int number)
    : world_(world),
      checker_(checker),
      number_(number),
      clock_(world, (1 + number) * 1'000 * kSecondUs) {}

void Server::Accept(Link* link) {
  connections_.emplace_back(world_, &clock_, checker_, link, &buffers_);
}

void Server::Drain() {
  if (!listening_) return;
  world_->Count("fault: server drains");
  world_->Write(absl::StrCat("server ", number_, " drains"));
  listening_ = false;
  for (ServerConnection& connection : connections_) connection.Drain();
  world_->After(kSecondUs + world_->random().Spread(20 * kSecondUs), [this] {
    for (ServerConnection& connection : connections_) connection.CancelEveryCall();
    StartAgainLater();
  });
}

void Server::Kill() {
  if (!listening_) return;
  world_->Count("fault: server killed");
  world_->Write(absl::StrCat("server ", number_, " is killed"));
  listening_ = false;
  const bool whole_machine = world_->random().Percent(30);
  for (ServerConnection& connection : connections_) {
    if (!connection.open()) continue;
    connection.Kill();
    whole_machine ? connection.link().Silence() : connection.link().Reset();
  }
  StartAgainLater();
}

void Server::StartAgainLater() {
  world_->After(world_->random().Spread(2 * kSecondUs), [this] { listening_ = true; });
}

void Server::JumpClock() {
  const TimeUs by_us = world_->random().Spread(10'000 * kSecondUs);
  world_->Count("fault: clock of a server jumps");
  world_->Write(absl::StrCat("the clock of server ", number_, " jumps by ", by_us, " us"));
  clock_.Jump(by_us);
  for (ServerConnection& connection : connections_) {
    connection.link().may_be_lost = true;
    if (connection.open()) connection.Wake();
  }
}

void Server::PauseReading() {
  const TimeUs duration_us = world_->random().Spread(3 * kSecondUs);
  world_->Count("fault: server leaves its sockets unread");
  for (ServerConnection& connection : connections_) connection.PauseReading(duration_us);
}

size_t Server::handlers_running() const {
  size_t running = 0;
  for (const ServerConnection& connection : connections_) {
    if (connection.open()) running += connection.handlers_running();
  }
  return running;
}

bool Server::all_closed() const {
  return std::none_of(connections_.begin(), connections_.end(),
                      [](const ServerConnection& connection) { return connection.open(); });
}

bool Server::idle() const {
  return std::all_of(connections_.begin(), connections_.end(),
                     [](const ServerConnection& connection) { return connection.idle(); });
}

}  // namespace rpc::simulation
