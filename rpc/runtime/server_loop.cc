#include "rpc/runtime/server_loop.h"

#include <algorithm>
#include <utility>

#include "rpc/runtime/random.h"

namespace rpc::runtime {
namespace {

// For handlers to end that have been told to.
constexpr net::TimeUs kCancelTimeUs = session::kSecondUs;

// Records kept for each method: as many calls as are usually open at once.
constexpr size_t kSpareCallsMax = 256;

// What they hold all together for large messages: some of a MiB each, both ways.
constexpr size_t kSpareLargeSizeMax = 16 << 20;
constexpr net::TimeUs kSpareLargeUs = session::kSecondUs;

// Connections that came together are not to leave together.
session::Limits WithOwnAge(session::Limits limits) {
  const net::TimeUs tenth_us = limits.age_max_us / 10;
  if (limits.age_max_us == net::kNever) return limits;
  limits.age_max_us = RandomBetween(limits.age_max_us - tenth_us, limits.age_max_us + tenth_us);
  return limits;
}

absl::Status ShuttingDown() { return absl::UnavailableError("the server is shutting down"); }

}  // namespace

ServerLoop::ServerLoop(net::Loop* loop, const ServiceTable* table, const Settings& settings)
    : loop_(loop), table_(table), settings_(settings), spare_calls_(table->methods.size()) {
  loop->AddUser(this);
  if (settings.measured) meter_ = std::make_unique<LoopMeter>(loop, table->methods.size());
}

ServerLoop::~ServerLoop() {
  OnLoopEnd();
  do {
    loop_->Settle();
  } while (!calls_.empty());
  while (ServerConnection* connection = connections_.pop_front()) delete connection;
}

void ServerLoop::Listen(net::Descriptor socket, const EntranceRules* rules) {
  entrances_.push_back(std::make_unique<Entrance>(this, std::move(socket), rules));
}

void ServerLoop::ListenForDatagrams(net::Descriptor socket, const session::DatagramLimits& limits) {
  datagrams_.push_back(std::make_unique<ServerDatagrams>(this, std::move(socket), limits));
}

ServerConnection* ServerLoop::Accept(std::unique_ptr<net::Transport> transport,
                                     const session::Limits& limits) {
  if (phase_ == Phase::kEnding || phase_ == Phase::kOver) return nullptr;
  if (settings_.connections_max > 0 && connections_open_.value() >= settings_.connections_max) {
    connections_refused_ += 1;
    return nullptr;
  }
  connections_accepted_ += 1;
  connections_open_ += 1;
  auto* connection = new ServerConnection(this, std::move(transport), WithOwnAge(limits));
  connections_.push_back(connection);
  if (phase_ != Phase::kServing) connection->Drain();
  return connection;
}

void ServerLoop::AcceptToReject(std::unique_ptr<net::Transport> transport,
                                const session::Limits& limits, wire::Form form,
                                const absl::Status& why) {
  ServerConnection* const connection = Accept(std::move(transport), limits);
  if (connection != nullptr) connection->Reject(why, form);
}

void ServerLoop::Forget(ServerConnection* connection) {
  connections_open_ -= 1;
  delete connection;
  CheckOver();
}

void ServerLoop::Begin(ServerCarrier* carrier, const session::Event& event) {
  const auto* method = static_cast<const ServedMethod*>(static_cast<session::Method*>(event.tag));
  std::vector<std::unique_ptr<ServerCall>>& spare = spare_calls_[method->index];
  ServerCall* call = nullptr;
  if (spare.empty()) {
    call = method->new_call(loop_).release();
  } else {
    call = spare.back().release();
    spare.pop_back();
    spare_large_size_ -= call->large_size();
  }
  calls_begun_ += 1;
  calls_open_ += 1;
  calls_.push_back(&call->place);
  call->Begin(carrier, method, event);
}

void ServerLoop::Recycle(ServerCall* call) {
  calls_open_ -= 1;
  call->place.Leave();
  std::vector<std::unique_ptr<ServerCall>>& spare = spare_calls_[call->method().index];
  std::unique_ptr<ServerCall> owned(call);
  const size_t large_size = spare_large_size_ + call->large_size();
  if (spare.size() == kSpareCallsMax || large_size > kSpareLargeSizeMax) return;
  spare_large_size_ = large_size;
  spare.push_back(std::move(owned));
  if (large_size > 0 && tidying_.deadline_place == session::kNoPlace) tidying_.Begin();
}

void ServerLoop::Tidying::Begin() {
  server_->loop()->SetTimer(this, server_->loop()->now_us() + kSpareLargeUs);
}

void ServerLoop::Tidying::OnTime() { server_->FreeLargeSpares(); }

void ServerLoop::FreeLargeSpares() {
  for (std::vector<std::unique_ptr<ServerCall>>& spare : spare_calls_) {
    std::erase_if(spare, [](const auto& call) { return call->large_size() > 0; });
  }
  spare_large_size_ = 0;
}

void ServerLoop::Count(const ServerCall& call, const absl::Status& result) {
  const bool ended_early = call.cancelled();
  const absl::Status& status = ended_early ? call.status() : result;
  // A call that was ended for what it wrote, or was sent, has failed; nobody has given it up. OK is
  // the status of one that was abandoned.
  const bool given_up =
      ended_early && (status.ok() || absl::IsCancelled(status) || absl::IsUnavailable(status) ||
                      absl::IsDeadlineExceeded(status));
  if (given_up) {
    calls_cancelled_ += 1;
  } else if (status.ok()) {
    calls_ok_ += 1;
  } else {
    calls_failed_ += 1;
  }
  if (call.meter() != nullptr) Measure(call, status, given_up);
}

void ServerLoop::Measure(const ServerCall& call, const absl::Status& status, bool given_up) {
  MethodMeter* const meter = call.meter();
  if (!given_up) {
    meter->Ended(status);
  } else if (absl::IsDeadlineExceeded(status)) {
    meter->Expired();
  } else {
    meter->Cancelled();
  }
  meter_->NoteEnd(meter, call.begun_us());
}

void ServerLoop::CountSession(uint64_t calls_refused, uint64_t bodies_corrupted) {
  if (calls_refused > 0) calls_refused_ += calls_refused;
  if (bodies_corrupted > 0) bodies_corrupted_ += bodies_corrupted;
}

void ServerLoop::CountDatagrams(uint64_t received, uint64_t dropped) {
  datagrams_received_ += received;
  datagrams_dropped_ += dropped;
}

void ServerLoop::Drain(net::TimeUs deadline_us, std::function<void()> over) {
  if (phase_ == Phase::kOver) return;
  over_ = std::move(over);
  for (const std::unique_ptr<Entrance>& entrance : entrances_) entrance->Close();
  if (phase_ == Phase::kServing) {
    phase_ = Phase::kDraining;
    for (const std::unique_ptr<ServerDatagrams>& each : datagrams_) each->Drain();
    for (ServerConnection* c = connections_.front(); c != nullptr; c = connections_.next(c)) {
      c->Drain();
    }
    while (ShutdownWait::Place* place = shutdown_waits_.pop_front()) place->wait->Wake();
  }
  if (phase_ == Phase::kDraining) loop_->SetTimer(this, deadline_us);
  if (phase_ == Phase::kCancelling && deadline_us <= loop_->now_us()) EndByForce();
  CheckOver();
}

void ServerLoop::AwaitDrain(ShutdownWait::Place* place) {
  if (phase_ == Phase::kServing) {
    shutdown_waits_.push_back(place);
  } else {
    place->wait->Wake();
  }
}

void ServerLoop::CloseDatagrams() {
  for (const std::unique_ptr<ServerDatagrams>& each : datagrams_) each->CloseSoon();
}

void ServerLoop::OnTime() {
  phase_ == Phase::kDraining ? CancelEveryCall() : EndByForce();
  CheckOver();
}

void ServerLoop::CancelEveryCall() {
  phase_ = Phase::kCancelling;
  calls_cut_ += calls_open_.value();
  for (const auto& each : datagrams_) each->CancelEveryCall(ShuttingDown());
  for (ServerConnection* c = connections_.front(); c != nullptr; c = connections_.next(c)) {
    c->CancelEveryCall(ShuttingDown());
  }
  loop_->SetTimer(this, loop_->now_us() + kCancelTimeUs);
}

// What is left now is a handler that does not end although it was told to, or a peer that does not
// read.
void ServerLoop::EndByForce() {
  phase_ = Phase::kEnding;
  for (const std::unique_ptr<ServerDatagrams>& each : datagrams_) each->Close();
  for (ServerConnection* c = connections_.front(); c != nullptr; c = connections_.next(c)) {
    c->Close(ShuttingDown());
  }
  for (ServerCall::Place* p = calls_.front(); p != nullptr; p = calls_.next(p)) {
    p->call->Abandon();
  }
}

bool ServerLoop::IsEmpty() const {
  return connections_.empty() &&
         std::all_of(datagrams_.begin(), datagrams_.end(),
                     [](const auto& each) { return each->idle(); }) &&
         (phase_ != Phase::kDraining ||
          std::all_of(entrances_.begin(), entrances_.end(),
                      [](const auto& each) { return each->empty(); }));
}

void ServerLoop::CheckOver() {
  if (phase_ == Phase::kServing || phase_ == Phase::kOver || !IsEmpty()) return;
  phase_ = Phase::kOver;
  loop_->ClearTimer(this);
  loop_->ClearTimer(&tidying_);
  if (meter_ != nullptr) meter_->Stop();
  if (over_) over_();
}

void ServerLoop::OnLoopEnd() {
  if (meter_ != nullptr) meter_->Stop();
  entrances_.clear();
  EndByForce();
}

void ServerLoop::AddTo(ServerCounters* sum) const {
  sum->connections_accepted += connections_accepted_.value();
  sum->connections_open += connections_open_.value();
  sum->connections_refused += connections_refused_.value();
  sum->accept_failures += accept_failures_.value();
  sum->plain_refused += plain_refused_.value();
  sum->handshakes_failed += handshakes_failed_.value();
  const auto closed = [this](session::CloseCause cause) {
    return closed_[static_cast<size_t>(cause)].value();
  };
  sum->not_frames += closed(session::CloseCause::kNotFrames);
  sum->bad_frames += closed(session::CloseCause::kBadFrame);
  sum->broken_rules += closed(session::CloseCause::kBrokenRule);
  sum->silent += closed(session::CloseCause::kSilent);
  sum->dead += closed(session::CloseCause::kDead);
  sum->idle += closed(session::CloseCause::kIdle);
  sum->aged += closed(session::CloseCause::kAged);
  sum->datagrams_received += datagrams_received_.value();
  sum->datagrams_dropped += datagrams_dropped_.value();
  sum->calls_begun += calls_begun_.value();
  sum->calls_open += calls_open_.value();
  sum->calls_ok += calls_ok_.value();
  sum->calls_failed += calls_failed_.value();
  sum->calls_cancelled += calls_cancelled_.value();
  sum->calls_refused += calls_refused_.value();
  sum->bodies_corrupted += bodies_corrupted_.value();
}

void ServerLoop::AddTo(ServerStatistics* sum) const {
  if (meter_ == nullptr) return;
  meter_->AddTo(&sum->methods);
  meter_->AddTo(&sum->loops.emplace_back());
}

void ShutdownWait::Listen() { server_->AwaitDrain(&place_); }

}  // namespace rpc::runtime
