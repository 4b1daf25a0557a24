#include "tests/simulation/datagram_caller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rpc::simulation {

DatagramCaller::DatagramCaller(World* world, const DatagramScenario* scenario,
                               DatagramNetwork* network, DatagramBook* book, int number)
    : world_(world),
      scenario_(scenario),
      network_(network),
      book_(book),
      address_(absl::StrCat("client-", number)),
      clock_(world, world->random().Below(1'000 * kSecondUs)),
      alarm_(world, [this] { Turn(); }) {
  network_->Listen(address_, [this](const std::string& source, std::string_view bytes) {
    OnDatagram(source, bytes);
  });
  Restart();
}

void DatagramCaller::Restart() {
  for (const auto& [id, call] : std::exchange(open_, {})) book_->OnGone(call, "with its process");
  session_ = world_->random().Next() | 1;
  client_ = std::make_unique<session::DatagramClient>(scenario_->client_limits, session_,
                                                      clock_.now_us());
  Turn();
}

void DatagramCaller::Start(DatagramRecord* call) {
  const DatagramPlan& plan = call->plan;
  client_->Advance(clock_.now_us());
  const TimeUs timeout_us = plan.timeout_us == 0 ? session::kNever : plan.timeout_us;
  const std::string key = KeyBytes(plan.key);
  const wire::Metadatum metadata[] = {{kCallKeyName, key}};
  session::Opening opening;
  opening.name = plan.name();
  opening.metadata = metadata;
  opening.deadline_us =
      timeout_us == session::kNever ? session::kNever : clock_.now_us() + timeout_us;
  opening.single_reply = true;
  opening.tag = call;
  call->address = address_;
  call->session = session_;
  call->opened_us = world_->now_us();
  call->deadline_us =
      world_->now_us() + std::min(timeout_us, scenario_->client_limits.timeout_us_max);
  const absl::StatusOr<uint64_t> id =
      client_->Open(opening, PayloadOf(plan.request(), plan.key % 2 == 0));
  if (!id.ok()) return book_->OnNotOpened(call, id.status());
  call->id = *id;
  open_[*id] = call;
  world_->Count("calls opened");
  if (plan.cancel_after_us > 0) {
    world_->After(plan.cancel_after_us, [this, call] { GiveUp(call); });
  }
  Turn();
}

void DatagramCaller::GiveUp(DatagramRecord* call) {
  if (call->ends > 0) return;
  client_->Cancel(call->id);
  open_.erase(call->id);
  book_->OnGone(call, "given up");
  Turn();
}

void DatagramCaller::OnDatagram(const std::string& source, std::string_view bytes) {
  if (source != kServerAddress) return;
  client_->Advance(clock_.now_us());
  client_->Receive(bytes);
  Turn();
}

void DatagramCaller::Turn() {
  client_->Advance(clock_.now_us());
  for (session::Event event; client_->Next(&event);) {
    auto* call = static_cast<DatagramRecord*>(event.tag);
    open_.erase(event.call);
    book_->OnEnd(call, event);
  }
  for (session::Datagram datagram; client_->NextDatagram(&datagram);) {
    network_->Send(address_, std::string(kServerAddress), datagram.bytes);
  }
  client_->CheckInvariants();
  const TimeUs next_us = client_->NextTimeUs();
  alarm_.Set(next_us == session::kNever ? next_us : world_->now_us() + clock_.Until(next_us));
}

bool DatagramCaller::idle() const {
  return client_->open_calls() == 0 && client_->memory_size() == 0 &&
         client_->NextTimeUs() == session::kNever;
}

}  // namespace rpc::simulation
