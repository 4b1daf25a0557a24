#include "tests/simulation/datagram_service.h"

#include "absl/strings/str_cat.h"

namespace rpc::simulation {

DatagramService::DatagramService(World* world, const DatagramScenario* scenario,
                                 DatagramNetwork* network, DatagramBook* book)
    : world_(world),
      scenario_(scenario),
      network_(network),
      book_(book),
      clock_(world, world->random().Below(1'000 * kSecondUs)),
      alarm_(world, [this] { Turn(); }) {
  network_->Listen(
      std::string(kServerAddress),
      [this](const std::string& source, std::string_view bytes) { OnDatagram(source, bytes); });
  Begin();
}

// Lives.

void DatagramService::Begin() {
  ++life_;
  handlers_.clear();
  server_ = std::make_unique<session::DatagramServer>(scenario_->server_limits, FindDatagramMethod,
                                                      clock_.now_us());
}

// The end of a drain.
void DatagramService::Leave() {
  server_->CancelEveryCall(absl::UnavailableError("the server is going"));
  Turn();
  Begin();
}

void DatagramService::Heal() {
  if (server_ == nullptr) return Begin();
  if (server_->draining()) Leave();
}

void DatagramService::Kill() {
  if (world_->healed() || server_ == nullptr) return;
  world_->Count("fault: server killed");
  world_->Write("the server is killed");
  server_ = nullptr;
  world_->After(world_->random().Spread(2 * kSecondUs), [this] {
    if (server_ == nullptr) Begin();
  });
}

void DatagramService::Drain() {
  if (world_->healed() || server_ == nullptr || server_->draining()) return;
  world_->Count("fault: server drains");
  world_->Write("the server drains");
  book_->NoteUnavailable();
  server_->Drain();
  world_->After(world_->random().Spread(3 * kSecondUs), [this, life = life_] {
    if (server_ != nullptr && life == life_) Leave();
  });
}

// Handlers.

void DatagramService::OnDatagram(const std::string& source, std::string_view bytes) {
  if (server_ == nullptr) return;
  server_->Advance(clock_.now_us());
  server_->Receive(source, bytes);
  if (!world_->random().Percent(20)) return Turn();
  world_->After(0, [this] { Turn(); });  // several before they are taken
}

void DatagramService::OnCall(const session::Event& event) {
  Handler& handler = handlers_[event.call];
  handler.record = book_->OnBegin(life_, server_->SourceOf(event.call), event);
  if (handler.record == nullptr) return EndLater(event.call, 0);
  handler.waits = handler.record->plan.outcome == DatagramPlan::Outcome::kWaits;
  if (!handler.waits) EndLater(event.call, handler.record->plan.handler_us);
}

void DatagramService::EndLater(uint64_t call, TimeUs after_us) {
  world_->After(after_us, [this, call, life = life_] {
    if (server_ == nullptr || life != life_ || !handlers_.contains(call)) return;
    server_->Advance(clock_.now_us());
    End(call);
    Turn();
  });
}

void DatagramService::End(uint64_t call) {
  const DatagramRecord* record = handlers_[call].record;
  handlers_.erase(call);
  if (record != nullptr) return EndAsPlanned(call, record->plan);
  const session::Payload reply =
      PayloadOf({call, Direction::kReply, 0, scenario_->message_size_max}, false);
  server_->End(call, absl::OkStatus(), &reply);
}

void DatagramService::EndAsPlanned(uint64_t call, const DatagramPlan& plan) {
  std::vector<wire::Metadatum> trailing;
  if (plan.trailing) trailing.push_back({kDatagramTrailingName, "of its call"});
  switch (plan.outcome) {
    case DatagramPlan::Outcome::kReply: {
      const session::Payload reply = PayloadOf(plan.reply(), false);
      server_->End(call, absl::OkStatus(), &reply, trailing);
      return;
    }
    case DatagramPlan::Outcome::kError:
      server_->End(call, plan.error(), nullptr, trailing);
      return;
    case DatagramPlan::Outcome::kRefusal:
      return server_->Refuse(call, plan.error());
    case DatagramPlan::Outcome::kWaits:
      server_->End(call, absl::CancelledError("was cancelled"));
      return;
  }
}

void DatagramService::Turn() {
  if (server_ == nullptr) return;
  server_->Advance(clock_.now_us());
  for (session::Event event; server_->Next(&event);) {
    if (event.kind == session::EventKind::kCall) {
      OnCall(event);
    } else if (!handlers_.contains(event.call)) {
      world_->Complain(absl::StrCat("call ", event.call, " was cancelled, but does not run"));
    } else if (handlers_[event.call].waits) {
      EndLater(event.call, world_->random().Percent(80) ? 0 : 10 * kSecondUs);
    }
  }
  for (session::Datagram datagram; server_->NextDatagram(&datagram);) {
    network_->Send(std::string(kServerAddress), std::string(datagram.destination), datagram.bytes);
  }
  CheckBounds();
  const TimeUs next_us = server_->NextTimeUs();
  alarm_.Set(next_us == session::kNever ? next_us : world_->now_us() + clock_.Until(next_us));
}

void DatagramService::CheckBounds() {
  if (++turns_ % 8 == 0) server_->CheckInvariants();
  const session::DatagramLimits& limits = scenario_->server_limits;
  if (server_->entries() > limits.calls_max || server_->memory_size() > limits.memory_size_max) {
    world_->Complain(absl::StrCat("the server remembers ", server_->entries(), " calls of ",
                                  server_->memory_size(), " bytes, of at most ", limits.calls_max,
                                  " and ", limits.memory_size_max));
  }
  if (server_->running_calls() != handlers_.size()) {
    world_->Complain(absl::StrCat(handlers_.size(), " handlers run, but the server knows of ",
                                  server_->running_calls()));
  }
}

bool DatagramService::idle() const {
  return server_ != nullptr && handlers_.empty() && server_->entries() == 0 &&
         server_->memory_size() == 0 && server_->NextTimeUs() == session::kNever;
}

}  // namespace rpc::simulation
