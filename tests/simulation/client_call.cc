#include "tests/simulation/client_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulation/client.h"

namespace rpc::simulation {
namespace {

using session::Event;
using session::EventKind;
using session::ReadResult;
using session::Sent;

constexpr TimeUs kDeadlineSlackUs = 10 * kMillisecondUs;

}  // namespace

ClientCall::ClientCall(World* world, Checker* checker, ClientConnection* connection,
                       CallRecord* record)
    : world_(world), checker_(checker), connection_(connection), record_(record) {}

void ClientCall::After(TimeUs delay_us, void (ClientCall::*act)()) {
  world_->After(delay_us, [this, act] {
    if (!over() && connection_->BeginAct()) (this->*act)();
  });
}

void ClientCall::Open() {
  const std::string key = absl::StrCat(plan().key);
  const wire::Metadatum metadatum{kKeyName, key};
  closed_ = plan().single_request() || (plan().requests <= 1 && !plan().closes_apart);
  if (plan().opens_bare) closed_ = plan().requests == 0 && !plan().closes_apart;
  const session::Opening opening = {
      .name = plan().name(),
      .metadata = {&metadatum, 1},
      .deadline_us =
          plan().timeout_us > 0 ? connection_->now_us() + plan().timeout_us : session::kNever,
      .tag = this,
      .single_reply = plan().single_reply(),
      .last = closed_,
  };
  record_->deadline_us = opening.deadline_us;
  record_->opened_us = world_->now_us();
  record_->link = &connection_->link();
  record_->requests_written = plan().opens_bare ? 0 : 1;
  record_->requests_closed = closed_;
  const absl::StatusOr<uint64_t> id =
      plan().opens_bare ? connection_->session()->Open(opening)
                        : connection_->session()->Open(
                              opening, PayloadOf(plan().request(0), plan().shares_memory));
  if (!id.ok()) return checker_->OnNotOpened(record_, id.status());
  OnOpened(*id);
}

void ClientCall::OnOpened(uint64_t id) {
  record_->id = id;
  world_->Count("calls opened");
  world_->Write(absl::StrCat(Describe(*record_), " is opened"));
  if (plan().cancel_after_us > 0) After(plan().cancel_after_us, &ClientCall::Cancel);
  if (plan().timeout_us > 0)
    After(plan().timeout_us + kDeadlineSlackUs, &ClientCall::CheckDeadline);
  WriteSome();
}

void ClientCall::CheckDeadline() {
  // One that the server has ended may wait here, for its messages to be read.
  const bool late = connection_->now_us() > record_->deadline_us &&
                    !connection_->link().watch().ended(record_->id);
  checker_->Expect(!late, *record_, "its deadline passed, and its client was not told");
}

void ClientCall::OnEvent(const Event& event) {
  if (over() && event.kind != EventKind::kEnd) {
    return world_->Complain(absl::StrCat(Describe(*record_), " was told something after its end"));
  }
  switch (event.kind) {
    case EventKind::kMetadata:
      return checker_->OnLeading(record_, event);
    case EventKind::kMessage:
      return ReadSome();
    case EventKind::kWritable:
      waits_to_write_ = false;
      return WriteSome();
    case EventKind::kEnd:
      return checker_->OnEnd(record_, event, connection_->now_us());
    default:
      checker_->Expect(false, *record_, "was told what is for servers");
  }
}

// Writing.

void ClientCall::WriteSome() {
  while (!over() && !gone_ && !closed_ && !write_timer_) {
    if (waits_to_write_ && !(plan().impatient && world_->random().Percent(30))) return;
    if (plan().request_gap_us > 0) {
      write_timer_ = true;
      return After(plan().request_gap_us, &ClientCall::WriteLater);
    }
    WriteOne();
  }
}

void ClientCall::WriteLater() {
  write_timer_ = false;
  if (!closed_ && !gone_ && (!waits_to_write_ || plan().impatient)) WriteOne();
  WriteSome();
}

void ClientCall::WriteOne() {
  if (record_->requests_written >= plan().requests) return Close();
  const MessageName name = plan().request(record_->requests_written++);
  const bool last = record_->requests_written == plan().requests && !plan().closes_apart;
  closed_ = record_->requests_closed = last;
  const Sent sent =
      connection_->session()->Write(record_->id, PayloadOf(name, plan().shares_memory), last);
  waits_to_write_ = sent == Sent::kWait;
  gone_ = sent == Sent::kGone || sent == Sent::kLate;
}

void ClientCall::Close() {
  closed_ = record_->requests_closed = true;
  gone_ = connection_->session()->CloseWriting(record_->id) == Sent::kGone;
}

// Reading.

void ClientCall::ReadSome() {
  // A slow reader takes all that is there now and then.
  if (plan().reply_reading == Reading::kAtOnce || world_->random().Percent(20)) {
    while (ReadOne()) {
    }
    return;
  }
  if (std::exchange(read_timer_, true)) return;
  After(1 + world_->random().Below(plan().read_gap_us + 1), &ClientCall::ReadOneSlowly);
}

void ClientCall::ReadOneSlowly() {
  read_timer_ = false;
  if (ReadOne()) ReadSome();
}

bool ClientCall::ReadOne() {
  std::string_view message;
  if (over() || connection_->session()->Read(record_->id, &message) != ReadResult::kMessage) {
    return false;
  }
  checker_->OnReply(record_, message);
  if (plan().cancel_at_message > 0 && record_->replies_read == plan().cancel_at_message) {
    Cancel();
    return false;
  }
  return true;
}

void ClientCall::Cancel() {
  connection_->session()->Cancel(record_->id);
  checker_->OnGivenUp(record_);
}

}  // namespace rpc::simulation
