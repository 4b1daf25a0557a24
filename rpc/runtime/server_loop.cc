#include "rpc/runtime/server_loop.h"

#include <utility>

namespace rpc::runtime {
namespace {

// For handlers to end that have been told to.
constexpr net::TimeUs kCancelTimeUs = session::kSecondUs;

// Records kept for each method: as many calls as are usually open at once.
constexpr size_t kSpareCallsMax = 256;

absl::Status ShuttingDown() { return absl::UnavailableError("the server is shutting down"); }

}  // namespace

ServerLoop::ServerLoop(net::Loop* loop, const ServiceTable* table, const Settings& settings)
    : loop_(loop), table_(table), settings_(settings), spare_calls_(table->methods.size()) {
  loop->AddUser(this);
}

ServerLoop::~ServerLoop() {
  OnLoopEnd();
  do {
    loop_->Settle();
  } while (!calls_.empty());
  while (ServerConnection* connection = connections_.pop_front()) delete connection;
}

void ServerLoop::Listen(net::Descriptor socket) {
  listeners_.push_back(std::make_unique<net::Listener>(
      loop_, std::move(socket),
      [this](std::unique_ptr<net::Transport> transport) { Accept(std::move(transport)); },
      [this] { accept_failures_ += 1; }));
}

void ServerLoop::Accept(std::unique_ptr<net::Transport> transport) {
  if (phase_ == Phase::kEnding || phase_ == Phase::kOver) return;
  if (settings_.connections_max > 0 && connections_open_.value() >= settings_.connections_max) {
    connections_refused_ += 1;
    return;
  }
  connections_accepted_ += 1;
  connections_open_ += 1;
  auto* connection = new ServerConnection(this, std::move(transport));
  connections_.push_back(connection);
  if (phase_ != Phase::kServing) connection->Drain();
}

void ServerLoop::Forget(ServerConnection* connection) {
  connections_open_ += -1;
  delete connection;
  CheckOver();
}

void ServerLoop::Begin(ServerConnection* connection, const session::Event& event) {
  const auto* method = static_cast<const ServedMethod*>(static_cast<session::Method*>(event.tag));
  std::vector<std::unique_ptr<ServerCall>>& spare = spare_calls_[method->index];
  ServerCall* call = nullptr;
  if (spare.empty()) {
    call = method->new_call(loop_).release();
  } else {
    call = spare.back().release();
    spare.pop_back();
  }
  calls_begun_ += 1;
  calls_open_ += 1;
  calls_.push_back(&call->place);
  call->Begin(connection, method, event);
}

void ServerLoop::Recycle(ServerCall* call) {
  calls_open_ += -1;
  call->place.Leave();
  std::vector<std::unique_ptr<ServerCall>>& spare = spare_calls_[call->method().index];
  std::unique_ptr<ServerCall> owned(call);
  if (spare.size() < kSpareCallsMax && !call->is_large()) spare.push_back(std::move(owned));
}

void ServerLoop::Count(const ServerCall& call, const absl::Status& status) {
  if (call.cancelled()) {
    calls_cancelled_ += 1;
  } else if (status.ok()) {
    calls_ok_ += 1;
  } else {
    calls_failed_ += 1;
  }
}

void ServerLoop::CountSession(const session::Counters& now, const session::Counters& before) {
  bodies_corrupted_ += static_cast<int64_t>(now.bodies_corrupted - before.bodies_corrupted);
  calls_refused_ += static_cast<int64_t>(now.calls_refused - before.calls_refused);
}

void ServerLoop::Drain(net::TimeUs deadline_us, std::function<void()> over) {
  if (phase_ == Phase::kOver) return;
  over_ = std::move(over);
  listeners_.clear();  // those who had connected are accepted now
  if (phase_ == Phase::kServing) {
    phase_ = Phase::kDraining;
    for (ServerConnection* c = connections_.front(); c != nullptr; c = connections_.next(c)) {
      c->Drain();
    }
  }
  if (phase_ == Phase::kDraining) loop_->SetTimer(this, deadline_us);
  if (phase_ == Phase::kCancelling && deadline_us <= loop_->now_us()) EndByForce();
  CheckOver();
}

void ServerLoop::OnTime() { phase_ == Phase::kDraining ? CancelEveryCall() : EndByForce(); }

void ServerLoop::CancelEveryCall() {
  phase_ = Phase::kCancelling;
  calls_cut_ += static_cast<int64_t>(calls_open_.value());
  for (ServerConnection* c = connections_.front(); c != nullptr; c = connections_.next(c)) {
    c->CancelEveryCall(ShuttingDown());
  }
  loop_->SetTimer(this, loop_->now_us() + kCancelTimeUs);
}

// What is left now is a handler that does not end although it was told to, or a peer that does not
// read.
void ServerLoop::EndByForce() {
  phase_ = Phase::kEnding;
  for (ServerConnection* c = connections_.front(); c != nullptr; c = connections_.next(c)) {
    c->Close(ShuttingDown());
  }
  for (ServerCall::Place* p = calls_.front(); p != nullptr; p = calls_.next(p)) {
    p->call->Abandon();
  }
}

void ServerLoop::CheckOver() {
  if (phase_ == Phase::kServing || phase_ == Phase::kOver || !connections_.empty()) return;
  phase_ = Phase::kOver;
  loop_->ClearTimer(this);
  if (over_) over_();
}

void ServerLoop::OnLoopEnd() {
  listeners_.clear();
  EndByForce();
}

void ServerLoop::AddTo(ServerCounters* sum) const {
  sum->connections_accepted += connections_accepted_.value();
  sum->connections_open += connections_open_.value();
  sum->connections_refused += connections_refused_.value();
  sum->connections_broken += connections_broken_.value();
  sum->accept_failures += accept_failures_.value();
  sum->calls_begun += calls_begun_.value();
  sum->calls_open += calls_open_.value();
  sum->calls_ok += calls_ok_.value();
  sum->calls_failed += calls_failed_.value();
  sum->calls_cancelled += calls_cancelled_.value();
  sum->calls_refused += calls_refused_.value();
  sum->bodies_corrupted += bodies_corrupted_.value();
}

}  // namespace rpc::runtime
