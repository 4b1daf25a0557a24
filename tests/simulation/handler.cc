#include "tests/simulation/handler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulation/server.h"

namespace rpc::simulation {
namespace {

using session::Event;
using session::EventKind;
using session::Payload;
using session::ReadResult;
using session::Sent;

// How late a session may tell that a deadline has passed: its turns are this far apart at most.
constexpr TimeUs kDeadlineSlackUs = 10 * kMillisecondUs;

}  // namespace

Handler::Handler(World* world, Checker* checker, ServerConnection* connection, CallRecord* call,
                 uint64_t id)
    : world_(world), checker_(checker), connection_(connection), call_(call), id_(id) {}

void Handler::After(TimeUs delay_us, void (Handler::*act)()) {
  world_->After(delay_us, [this, act] {
    if (!ended_ && connection_->BeginAct()) (this->*act)();
  });
}

void Handler::Begin(const Event& event) {
  if (call_ == nullptr) return End();
  checker_->OnBegin(call_, connection_->link(), event);
  half_closed_ = plan().single_request();
  if (event.header->timeout_us > 0) {
    deadline_us_ = connection_->now_us() + event.header->timeout_us;
    After(event.header->timeout_us + kDeadlineSlackUs, &Handler::CheckDeadline);
  }
  if (plan().start_delay_us > 0) return After(plan().start_delay_us, &Handler::Start);
  Start();
}

void Handler::CheckDeadline() {
  if (cancelled_ || connection_->session()->ending() != session::Ending::kNo) return;
  checker_->Expect(connection_->now_us() <= deadline_us_, *call_,
                   "its deadline passed, and its handler was not told");
}

void Handler::Start() {
  if (ended_ || cancelled_) return;
  started_ = true;
  if (plan().leading) {
    const std::string value = LeadingValue(plan().key);
    const wire::Metadatum metadatum{kLeadingName, value};
    connection_->session()->SendMetadata(id_, {&metadatum, 1});
  }
  ReadSome();
  WriteSome();
  SeeWhetherDone();
}

void Handler::OnEvent(const Event& event) {
  if (call_ == nullptr) return;
  checker_->Expect(!ended_, *call_, "its handler was told something after its end");
  if (ended_) return;
  switch (event.kind) {
    case EventKind::kMessage:
      checker_->Expect(!cancelled_, *call_, "its handler was given a message after the cancel");
      if (started_) ReadSome();
      return SeeWhetherDone();
    case EventKind::kHalfClosed:
      half_closed_ = true;
      if (started_) ReadSome();
      return SeeWhetherDone();
    case EventKind::kWritable:
      checker_->Expect(!cancelled_, *call_, "its handler was told to write after the cancel");
      waits_to_write_ = false;
      WriteSome();
      return SeeWhetherDone();
    case EventKind::kCancelled:
      return OnCancelled(event);
    default:
      checker_->Expect(false, *call_, "its handler was told what is for clients");
  }
}

void Handler::OnCancelled(const Event& event) {
  checker_->Expect(!cancelled_, *call_, "its handler was cancelled twice");
  const bool early = absl::IsDeadlineExceeded(event.status) &&
                     world_->now_us() < call_->opened_us + plan().timeout_us;
  checker_->Expect(!early || world_->scenario().dangers.clock_jumps, *call_,
                   "its handler was told of a deadline that had not passed");
  cancelled_ = true;
  world_->Count(absl::StrCat("handler cancelled: ", absl::StatusCodeToString(event.status.code())));
  EndLater();
}

// Reading.

void Handler::ReadSome() {
  if (plan().single_request() || cancelled_ || ending_ || ended_) return;
  if (plan().request_reading == Reading::kNever && !MustRead()) return;
  // A slow reader takes all that is there now and then.
  if (plan().request_reading == Reading::kAtOnce || world_->random().Percent(20)) {
    while (ReadOne()) {
    }
    return;
  }
  if (std::exchange(read_timer_, true)) return;
  After(1 + world_->random().Below(plan().read_gap_us + 1), &Handler::ReadOneSlowly);
}

// A client without HELLO isn't heard while a window of its messages stands unread, its CANCEL
// neither: who waits for that has to read.
bool Handler::MustRead() const {
  return plan().finish == Finish::kWaits && !connection_->link().hello();
}

void Handler::ReadOneSlowly() {
  read_timer_ = false;
  if (cancelled_ || ending_) return;
  if (ReadOne()) ReadSome();
  SeeWhetherDone();
}

bool Handler::ReadOne() {
  std::string_view message;
  switch (connection_->session()->Read(id_, &message)) {
    case ReadResult::kMessage:
      checker_->OnRequest(call_, message);
      bytes_read_ += message.size();
      return true;
    case ReadResult::kEndOfStream:
      if (!call_->input_ended) checker_->OnInputEnd(call_);
      return false;
    case ReadResult::kNothingYet:
    case ReadResult::kGone:
      return false;
  }
  return false;
}

uint64_t Handler::unread_size() const {
  if (call_ == nullptr || ended_ || cancelled_ || gone_ || plan().single_request()) return 0;
  return connection_->link().watch().request_bytes(id_) - bytes_read_;
}

// Writing.

void Handler::WriteSome() {
  if (!started_ || plan().single_reply()) return;
  while (!cancelled_ && !ending_ && !gone_ && !write_timer_ &&
         call_->replies_written < plan().replies) {
    if (waits_to_write_ && !(plan().impatient && world_->random().Percent(30))) return;
    if (plan().reply_gap_us > 0) {
      write_timer_ = true;
      return After(plan().reply_gap_us, &Handler::WriteLater);
    }
    WriteOne();
  }
}

void Handler::WriteLater() {
  write_timer_ = false;
  if (cancelled_ || ending_ || gone_) return;
  if (!waits_to_write_ || plan().impatient) WriteOne();
  WriteSome();
  SeeWhetherDone();
}

void Handler::WriteOne() {
  const MessageName name = plan().reply(call_->replies_written++);
  const Sent sent = connection_->session()->Write(id_, PayloadOf(name, plan().shares_memory));
  waits_to_write_ = sent == Sent::kWait;
  gone_ = sent == Sent::kGone;
  if (gone_) --call_->replies_written;
}

// Ending.

void Handler::SeeWhetherDone() {
  if (!started_ || ending_ || cancelled_ || ended_ || plan().finish == Finish::kWaits) return;
  const bool written = plan().single_reply() || call_->replies_written == plan().replies;
  const bool read = plan().single_request() || call_->input_ended;
  if (written && (read || plan().finish != Finish::kAfterInput)) EndLater();
}

void Handler::EndLater() {
  if (std::exchange(ending_, true) && !cancelled_) return;
  if (plan().end_delay_us > 0) return After(plan().end_delay_us, &Handler::End);
  End();
}

void Handler::End() {
  if (std::exchange(ended_, true)) return;
  connection_->OnHandlerEnded();
  session::ServerSession* session = connection_->session();
  if (call_ == nullptr) {
    session->End(id_, absl::UnknownError("who is it?"));
    return;
  }
  const absl::Status status =
      plan().finish == Finish::kError ? PlannedError(plan().key) : absl::OkStatus();
  if (!cancelled_) {
    call_->handler_ended = true;
    call_->handler_status = status;
  }
  const std::string value = TrailingValue(plan().key);
  const wire::Metadatum metadatum{kTrailingName, value};
  const std::span<const wire::Metadatum> trailing(&metadatum, plan().trailing ? 1 : 0);
  const Payload reply = PayloadOf(plan().reply(0), plan().shares_memory);
  bool in_end = plan().single_reply() && status.ok();
  if (in_end && plan().writes_reply && !cancelled_) {
    ++call_->replies_written;
    session->Write(id_, reply);
    in_end = false;
  }
  session->End(id_, status, in_end ? &reply : nullptr, trailing);
}

}  // namespace rpc::simulation
