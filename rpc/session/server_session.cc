#include "rpc/session/server_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/session/check.h"
#include "rpc/session/fault.h"
#include "rpc/session/metadata.h"
#include "rpc/session/status_codec.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/frame_text.h"

namespace rpc::session {
namespace {

// The id of a call in a record, at its longest, in either form.
constexpr size_t kCallFieldSizeMax = 32;

// Of a method's name in a sentence.
constexpr size_t kShownNameMax = 200;

// What varies from connection to connection is not among the limits that they share.
Limits AtAnyAge(Limits limits) {
  limits.age_max_us = kNever;
  return limits;
}

}  // namespace

ServerSession::ServerSession(Buffers* buffers, const Limits& limits, FindMethod find_method,
                             TimeUs now_us)
    : Session(buffers, AtAnyAge(limits), now_us),
      find_method_(find_method),
      age_us_(After(now_us, limits.age_max_us)) {}

// Frames.

void ServerSession::OnFrame(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  switch (header.kind) {
    case wire::Kind::kCall:
      return OnCall(frame);
    case wire::Kind::kMessage:
      return OnMessage(frame);
    case wire::Kind::kCancel:
      if (Call* call = FindSeen(header)) Abort(call, absl::CancelledError("cancelled"));
      return;
    case wire::Kind::kHello:
      if (!first_frame()) Fail(absl::InvalidArgumentError("HELLO is not the first frame"));
      return;
    case wire::Kind::kGoaway:
      return OnGoaway(header);
    default:
      return Fail(absl::InvalidArgumentError(
          absl::StrCat("a client may not send ", wire::KindName(header.kind))));
  }
}

void ServerSession::OnFirstFrame(const wire::Frame& frame) {
  if (frame.header.kind != wire::Kind::kHello) {
    sender().peer().exempt = true;
    if (!draining()) return;
    drain_ = DrainStep::kFinal;  // its CALL is refused before the connection ends
    drain_us_ = now_us();
    return;
  }
  hello_ = true;
  SendHello();
  if (absl::Status s = ReadHello(frame, false); !s.ok()) return Fail(s);
  if (draining()) Announce();
}

void ServerSession::OnGoaway(const wire::Header& header) {
  const absl::Status status = StatusOf(header);
  if (status.ok()) return;  // the client opens no more calls; that needs nothing here
  Close(
      absl::UnavailableError(absl::StrCat("the client ended the connection: ", status.ToString())),
      Ending::kAfterOutput, CloseCause::kPeer);
}

bool ServerSession::RefuseByHeader(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  if (header.Has(wire::kFlagBare)) return false;
  if (header.kind == wire::Kind::kCall) return !CheckOpeningCredit(header);
  if (header.kind != wire::Kind::kMessage) return false;
  Call* call = Find(header.call);
  if (call == nullptr || call->over) return header.call <= highest_;
  if (!CheckCredit(*call, header.size)) return true;
  absl::Status s = call->inbox.CheckSize(header.size, limits().message_size_max);
  if (s.ok()) return false;
  Abort(call, s);
  return true;
}

// Calls.

// False, and it has failed, when the message of a CALL is beyond what a call begins with.
bool ServerSession::CheckOpeningCredit(const wire::Header& header) {
  Inbox inbox;
  inbox.Open(limits().call_window, !hello_);
  if (inbox.Affords(header.size)) return true;
  Fail(absl::ResourceExhaustedError(absl::StrCat("CALL ", header.call, " has a body of ",
                                                 header.size, " bytes, but its credit is ",
                                                 inbox.credit())));
  return false;
}

bool ServerSession::CheckId(uint64_t id) {
  if (id == 0) {
    const Call* last = Find(0);
    if (last == nullptr || last->end_written) return true;
    Fail(absl::InvalidArgumentError("CALL 0 came while call 0 is open"));
    return false;
  }
  if (id > highest_) return true;
  Fail(absl::InvalidArgumentError(
      absl::StrCat("CALL ", id, " is not above the highest call so far, ", highest_)));
  return false;
}

void ServerSession::OnCall(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  if (!CheckId(header.call)) return;
  highest_ = std::max(highest_, header.call);
  const Method* method = nullptr;
  if (absl::Status s = Refusal(frame, &method); !s.ok()) return RefuseUnrecorded(header, s);
  Call* call = NewCall(header.call);
  call->form = header.form;
  call->tag = const_cast<Method*>(method);
  call->single_request = method->single_request;
  call->single_reply = method->single_reply;
  call->credit = sender().peer().call_window;
  call->inbox.Open(limits().call_window, !hello_);
  if (header.timeout_us > 0 && !Broken(Fault::kDeadlineForgotten)) {
    call->deadline_us = header_us() + header.timeout_us;
    deadlines().Add(call);
  }
  if (absl::Status s = CheckParts(call->inbox, header); !s.ok()) return Fail(s);
  if (!call->single_request) {
    Begin(call, header);
  } else if (header.Has(wire::kFlagMore)) {
    call->open_header = std::make_unique<OwnedHeader>(header);
  }
  TakeMessage(call, frame);
}

absl::Status ServerSession::Refusal(const wire::Frame& frame, const Method** method) {
  if (drain_ == DrainStep::kFinal) return absl::UnavailableError("the server is draining");
  const wire::Header& header = frame.header;
  if (header.timeout_us > 0 && header_us() + header.timeout_us <= now_us()) {
    return absl::DeadlineExceededError("the deadline passed before the call had arrived");
  }
  if (absl::Status s = CheckMetadata(header.metadata); !s.ok()) return s;
  if (open_calls() >= limits().calls_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat(open_calls(), " calls of this connection have not ended, and at most ",
                     limits().calls_max, " are taken"));
  }
  if (Find(header.call) != nullptr) {
    return absl::ResourceExhaustedError("the handler of the last call 0 has not ended");
  }
  *method = find_method_(header.name);
  if (*method != nullptr) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("there is no method \"", wire::Printable(header.name, kShownNameMax), "\""));
}

void ServerSession::OnMessage(const wire::Frame& frame) {
  Call* call = FindSeen(frame.header);
  if (call == nullptr) return;
  if (call->over) {
    ++counters_mutable().frames_ignored;
    return;
  }
  if (absl::Status s = CheckParts(call->inbox, frame.header); !s.ok()) return Fail(s);
  if (call->half_closed) {
    return Abort(call, absl::InvalidArgumentError("a message came after the last one"));
  }
  TakeMessage(call, frame);
}

// What a CALL or a MESSAGE brings besides its name: a message, a part of one, the end of them.
void ServerSession::TakeMessage(Call* call, const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  if (!header.Has(wire::kFlagBare)) {
    absl::Status s = Receive(call, frame);
    if (over()) return;
    if (s.ok() && call->single_request && call->messages_received > 1) {
      s = absl::InvalidArgumentError("a second message came for a method with one request");
    }
    if (!s.ok()) return Abort(call, s);
    if (HasCurrent(call) && call->single_request) Begin(call, header);
    if (HasCurrent(call)) Push(EventOf(EventKind::kMessage, *call));
  } else if (header.kind == wire::Kind::kCall && call->single_request) {
    call->open_header = std::make_unique<OwnedHeader>(header);
    if (absl::Status s = Account(call); !s.ok()) return Abort(call, s);
  }
  if (header.Has(wire::kFlagLast)) OnLast(call);
}

// Hands the call to the application.
void ServerSession::Begin(Call* call, const wire::Header& header) {
  call->begun = true;
  Event event = EventOf(EventKind::kCall, *call);
  event.header = call->open_header ? &call->open_header->header() : &header;
  if (call->single_request) {
    event.body = current_message();
    DropCurrent();
    SendCredit(call);
  }
  Push(std::move(event));
}

void ServerSession::OnLast(Call* call) {
  call->half_closed = true;
  if (call->single_request && call->messages_received == 0) {
    return Abort(call, absl::InvalidArgumentError("no message came for a method with one request"));
  }
  if (!call->single_request) Push(EventOf(EventKind::kHalfClosed, *call));
}

Call* ServerSession::FindSeen(const wire::Header& header) {
  if (header.call > highest_) {
    Fail(absl::InvalidArgumentError(absl::StrCat(wire::KindName(header.kind), " for call ",
                                                 header.call, ", but the highest call so far is ",
                                                 highest_)));
    return nullptr;
  }
  Call* call = Find(header.call);
  if (call == nullptr) ++counters_mutable().frames_ignored;
  return call;
}

// What the application does.

Sent ServerSession::SendMetadata(uint64_t id, std::span<const wire::Metadatum> metadata) {
  Call* call = Find(id);
  if (call == nullptr || call->over) return Sent::kGone;
  Check(!std::exchange(call->reply_begun, true),
        "leading metadata stands before the first message");
  wire::Header header;
  header.kind = wire::Kind::kMessage;
  header.flags = wire::kFlagBare;
  header.form = call->form;
  header.metadata.assign(metadata.begin(), metadata.end());
  const size_t size = wire::EncodedRecordSize(header, 0) + kCallFieldSizeMax;
  const size_t size_max = sender().peer().header_size_max;
  if (size > size_max) {
    Abort(call, absl::ResourceExhaustedError(
                    absl::StrCat("the leading metadata takes a header of ", size,
                                 " bytes, but the client takes at most ", size_max)));
    return Sent::kGone;
  }
  sender().Send(call, &header, {}, now_us());
  return Sent::kGoOn;
}

Sent ServerSession::Write(uint64_t id, const Payload& message) {
  Call* call = Find(id);
  if (call == nullptr || call->over) return Sent::kGone;
  if (absl::Status s = CheckMessageSize(message.bytes.size(), "client"); !s.ok()) {
    Abort(call, s);
    return Sent::kGone;
  }
  call->reply_begun = true;
  wire::Header header;
  header.kind = wire::Kind::kMessage;
  const bool written = sender().Send(call, &header, message, now_us());
  call->write_waits = !written;
  if (absl::Status s = Account(call); !s.ok()) {
    Abort(call, s);
    return Sent::kGone;
  }
  return written ? Sent::kGoOn : Sent::kWait;
}

bool ServerSession::End(uint64_t id, const absl::Status& status, const Payload* reply,
                        std::span<const wire::Metadatum> trailing) {
  return EndWith(id, status, reply, trailing, 0);
}

void ServerSession::Refuse(uint64_t id, const absl::Status& status) {
  Check(!status.ok(), "a refusal says why");
  const Call* call = Find(id);
  const bool unseen = call != nullptr && !call->reply_begun;
  EndWith(id, status, nullptr, {}, unseen ? wire::kFlagUnseen : 0);
}

bool ServerSession::EndWith(uint64_t id, const absl::Status& status, const Payload* reply,
                            std::span<const wire::Metadatum> trailing, uint32_t flags) {
  DropEvents(id);
  Call* call = Find(id);
  if (call == nullptr) return true;
  Check(!std::exchange(call->handler_done, true), "a handler ends once");
  if (call->over) {
    Finish(call);
    return true;
  }
  const bool has_reply = status.ok() && reply != nullptr;
  const absl::Status too_large =
      has_reply ? CheckMessageSize(reply->bytes.size(), "client") : absl::OkStatus();
  const absl::Status& result = status.ok() ? too_large : status;
  const bool bare = !result.ok() || reply == nullptr;
  wire::Header header;
  header.kind = wire::Kind::kEnd;
  header.form = call->form;
  header.call = call->id;
  header.flags = flags | (bare ? wire::kFlagBare : 0);
  if (!trailing.empty() && CheckMetadata(trailing).ok()) {
    header.metadata.assign(trailing.begin(), trailing.end());
  }
  call->over = true;
  call->inbox.DropWaiting();
  if (HasCurrent(call)) DropCurrent();
  SendFinalFrame(call, &header, result, bare ? Payload() : *reply);
  if (call->end_written) return too_large.ok();  // what it holds is forgotten soon
  const absl::Status held = Account(call);
  if (!held.ok()) Abort(call, held);
  return too_large.ok() && held.ok();
}

void ServerSession::SendFinalFrame(Call* call, wire::Header* header, const absl::Status& status,
                                   const Payload& reply) {
  if (status.ok() && header->metadata.empty()) {
    sender().Send(call, header, reply, now_us());
    return;
  }
  const StatusWriter writer(status);
  writer.WriteTo(header);
  FitHeader(header, reply.bytes.size(), sender().peer().header_size_max);
  sender().Send(call, header, reply, now_us());
}

// How calls end.

void ServerSession::RefuseUnrecorded(const wire::Header& header, const absl::Status& status) {
  ++counters_mutable().calls_refused;
  SendEnd(header.call, header.form, status, true);
}

void ServerSession::Abort(Call* call, const absl::Status& status) {
  if (call->end_written || (call->over && !call->handler_done)) return;  // it has its END
  if (!call->begun) ++counters_mutable().calls_refused;
  SendEnd(call->id, call->form, status, !call->begun || Broken(Fault::kUnseenAfterHandling));
  sender().Forget(call);
  call->end_written = true;
  deadlines().Remove(call);
  call->over = true;
  // A current message is one that the application has no view of yet.
  HasCurrent(call) ? call->inbox.Clear() : call->inbox.DropWaiting();
  (void)Account(call);
  if (HasCurrent(call)) DropCurrent();
  if (!call->begun || call->handler_done) return Finish(call);
  Event event = EventOf(EventKind::kCancelled, *call);
  event.status = status;
  Push(std::move(event));
  if (Broken(Fault::kSlotFreedEarly)) Finish(call);
}

void ServerSession::OnEndWritten(Call* call) { Finish(call); }

void ServerSession::Finish(Call* call) {
  if (Broken(Fault::kCallLeaked) && call->begun) return;
  Retire(call);
  CloseWhenDrained();
}

void ServerSession::SendEnd(uint64_t id, wire::Form form, const absl::Status& status, bool unseen) {
  wire::Header header;
  header.kind = wire::Kind::kEnd;
  header.form = form;
  header.call = id;
  header.flags = wire::kFlagBare | (unseen ? wire::kFlagUnseen : 0);
  const StatusWriter writer(status);
  writer.WriteTo(&header);
  FitHeader(&header, 0, sender().peer().header_size_max);
  sender().SendNow(&header);
  if (Broken(Fault::kEndTwice)) sender().SendNow(&header);
}

void ServerSession::OnDeadline(Call* call) {
  Abort(call, absl::DeadlineExceededError("the deadline passed"));
}

void ServerSession::OnKept(Call* call) {
  absl::Status s = Account(call);
  if (!s.ok()) Abort(call, s);
}

void ServerSession::EndEveryCall(const absl::Status& why) {
  for (Call* call : CallsById()) {
    if (call->begun && !call->handler_done && !call->over) {
      Event event = EventOf(EventKind::kCancelled, *call);
      event.status = why;
      Push(std::move(event));
    }
    Retire(call);
  }
}

void ServerSession::CancelEveryCall(const absl::Status& why) {
  for (Call* call : CallsById()) Abort(call, why);
}

// Draining.

void ServerSession::DrainBecause(CloseCause cause) {
  if (over() || draining()) return;
  set_drain_cause(cause);
  drain_ = DrainStep::kAnnounced;
  drain_us_ = now_us() + limits().drain_round_us;
  if (!frame_seen()) return;  // a first frame may be on its way
  hello_ ? Announce() : FinishDrain();
}

void ServerSession::Announce() {
  SendGoaway(kGoawayAll);
  drain_us_ = now_us() + limits().drain_round_us;
  SendPing();
}

void ServerSession::OnTime() {
  if (now_us() >= drain_us_) FinishDrain();
  if (now_us() >= age_us_ && !over()) OnAge();
}

void ServerSession::OnAge() {
  age_us_ = kNever;
  if (std::exchange(aged_, true)) {
    return CancelEveryCall(absl::UnavailableError("the connection has become too old"));
  }
  age_us_ = After(now_us(), limits().age_grace_us);
  DrainBecause(CloseCause::kAged);
}

void ServerSession::OnPong() {
  // A PONG for a PING before the first GOAWAY says nothing of what was sent between them.
  if (drain_ == DrainStep::kAnnounced && pings_unanswered() == 0) FinishDrain();
}

void ServerSession::FinishDrain() {
  drain_ = DrainStep::kFinal;
  drain_us_ = kNever;
  final_call_ = highest_;
  if (hello_) SendGoaway(final_call_);
  CloseWhenDrained();
}

void ServerSession::SendGoaway(uint64_t call) {
  wire::Header header;
  header.kind = wire::Kind::kGoaway;
  header.form = form();
  header.message = "the server is draining";
  header.call = call;
  sender().SendNow(&header);
}

void ServerSession::CloseWhenDrained() {
  const bool wait = open_calls() > 0 && !Broken(Fault::kDrainLosesCalls);
  if (drain_ != DrainStep::kFinal || wait || over()) return;
  Close(absl::OkStatus(), Ending::kAfterOutput, drain_cause());
}

}  // namespace rpc::session
