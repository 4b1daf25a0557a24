#include "rpc/session/client_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/session/check.h"
#include "rpc/session/fault.h"
#include "rpc/session/metadata.h"
#include "rpc/session/status_codec.h"
#include "rpc/wire/frame_text.h"
#include "rpc/wire/utf8.h"

namespace rpc::session {
namespace {

// Every field of a CALL but its name and metadata, at their longest.
constexpr size_t kRecordNumbersSizeMax = 100;

}  // namespace

ClientSession::ClientSession(Buffers* buffers, const Limits& limits, TimeUs now_us, bool hello)
    : Session(buffers, limits, now_us), hello_(hello) {
  sender().peer().exempt = !hello;
  sender().peer().takes_parts = !hello;
  if (hello) SendHello();
}

absl::Status ClientSession::CheckOpening(const Opening& opening) const {
  if (!accepts_calls()) return absl::UnavailableError("the connection takes no more calls");
  if (opening.deadline_us <= now_us()) {
    return absl::DeadlineExceededError("the deadline had passed before the call was sent");
  }
  if (open_calls() >= sender().peer().calls_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        open_calls(), " calls are open, and the server takes at most ", sender().peer().calls_max));
  }
  if (!wire::IsValidUtf8(opening.name)) {
    return absl::InvalidArgumentError("the name of the method is not UTF-8");
  }
  return CheckMetadata(opening.metadata);
}

absl::StatusOr<uint64_t> ClientSession::Open(const Opening& opening) {
  return SendOpening(opening, {}, wire::kFlagBare);
}

absl::StatusOr<uint64_t> ClientSession::Open(const Opening& opening, const Payload& message) {
  if (absl::Status s = CheckMessageSize(message.bytes.size(), "server"); !s.ok()) return s;
  return SendOpening(opening, message, 0);
}

// Whether the record of the call, with the longest numbers it may get, is one that the server
// takes.
absl::Status ClientSession::CheckRecordSize(const wire::Header& header, size_t body_size) const {
  size_t size = header.name.size() + kRecordNumbersSizeMax;
  if (size > wire::kHeaderSizeMaxDefault || !header.metadata.empty()) {
    wire::Header longest = header;
    longest.call = longest.timeout_us = wire::kNumberMax;
    size = wire::EncodedRecordSize(longest, body_size);
  }
  const size_t size_max = sender().peer().header_size_max;
  if (size <= size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the header of the call has ", size, " bytes, but the server takes at most ", size_max));
}

absl::StatusOr<uint64_t> ClientSession::SendOpening(const Opening& opening, const Payload& message,
                                                    uint32_t flags) {
  if (absl::Status s = CheckOpening(opening); !s.ok()) return s;
  wire::Header header;
  header.flags = flags | (opening.last ? wire::kFlagLast : 0);
  header.name = opening.name;
  header.metadata.assign(opening.metadata.begin(), opening.metadata.end());
  if (absl::Status status = CheckRecordSize(header, message.bytes.size()); !status.ok()) {
    return status;
  }
  Call* call = NewCall(++highest_);
  call->tag = opening.tag;
  call->single_reply = opening.single_reply;
  call->writing_closed = opening.last;
  call->credit = sender().peer().call_window;
  call->inbox.Open(limits().call_window, !hello_);
  call->deadline_us = opening.deadline_us;
  if (call->deadline_us != kNever) deadlines().Add(call);
  if (sender().peer().takes_parts || CreditCost(message.bytes.size()) <= call->credit) {
    sender().Send(call, &header, message, now_us());
    return call->id;
  }
  // It has to wait for the server's HELLO, but later calls need not: so the CALL goes before it.
  header.flags = wire::kFlagBare;
  sender().Send(call, &header, {}, now_us());
  SendMessage(call, message, opening.last);
  return call->id;
}

// Returns whether all of it has been written.
bool ClientSession::SendMessage(Call* call, const Payload& message, bool last) {
  wire::Header header;
  header.kind = wire::Kind::kMessage;
  header.flags = last ? wire::kFlagLast : 0;
  return sender().Send(call, &header, message, now_us());
}

Sent ClientSession::Write(uint64_t id, const Payload& message, bool last) {
  Call* call = Find(id);
  if (call == nullptr) return Sent::kGone;
  if (call->ended) return Sent::kLate;
  Check(!call->writing_closed, "nothing is written after the last message");
  if (absl::Status s = CheckMessageSize(message.bytes.size(), "server"); !s.ok()) {
    EndHere(call, std::move(s));
    return Sent::kGone;
  }
  call->writing_closed = last;
  const bool written = SendMessage(call, message, last);
  call->write_waits = !written;
  return written ? Sent::kGoOn : Sent::kWait;
}

Sent ClientSession::CloseWriting(uint64_t id) {
  Call* call = Find(id);
  if (call == nullptr || call->ended) return Sent::kGone;
  if (std::exchange(call->writing_closed, true)) return Sent::kGoOn;
  wire::Header header;
  header.kind = wire::Kind::kMessage;
  header.flags = wire::kFlagBare | wire::kFlagLast;
  sender().Send(call, &header, {}, now_us());
  return Sent::kGoOn;
}

void ClientSession::Cancel(uint64_t id) {
  if (!Broken(Fault::kToldAfterCancel)) DropEvents(id);  // its end may be among them
  Call* call = Find(id);
  if (call == nullptr) return;
  SendCancel(*call);
  Retire(call);
}

void ClientSession::Shutdown() {
  Close(absl::CancelledError("the client closed the connection"), Ending::kAfterOutput,
        CloseCause::kShutdown);
}

void ClientSession::OnIdle() {
  Close(absl::UnavailableError(
            absl::StrCat("no call was open for ",
                         absl::FormatDuration(absl::Microseconds(limits().idle_timeout_us)))),
        Ending::kAfterOutput, CloseCause::kIdle);
}

void ClientSession::SendCancel(const Call& call) {
  if (!call.sent_open || call.ended || over() || Broken(Fault::kCancelNotForwarded)) return;
  wire::Header header;
  header.kind = wire::Kind::kCancel;
  header.call = call.id;
  sender().SendNow(&header);
}

void ClientSession::OnFirstFrame(const wire::Frame& frame) {
  const wire::Kind kind = frame.header.kind;
  if (!hello_ || kind == wire::Kind::kHello || kind == wire::Kind::kGoaway) return;
  Fail(absl::InvalidArgumentError(
      absl::StrCat(wire::KindName(kind), " came before the server's HELLO")));
}

void ClientSession::OnFrame(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  switch (header.kind) {
    case wire::Kind::kHello:
      if (hello_ && first_frame()) return OnHello(frame);
      return Fail(absl::InvalidArgumentError("HELLO came where it may not stand"));
    case wire::Kind::kGoaway:
      return OnGoaway(header);
    case wire::Kind::kMessage:
    case wire::Kind::kEnd:
      return OnReply(frame);
    default:
      return Fail(absl::InvalidArgumentError(
          absl::StrCat("a server may not send ", wire::KindName(header.kind))));
  }
}

void ClientSession::OnHello(const wire::Frame& frame) {
  if (absl::Status s = ReadHello(frame, limits().md5_waived); !s.ok()) return Fail(s);
  // Calls that were opened before had only what every server grants.
  const uint64_t more = sender().peer().call_window - kCallWindowMin;
  for (Call* call : CallsById()) sender().AddCredit(call, more);
}

void ClientSession::OnGoaway(const wire::Header& header) {
  if (header.call > goaway_call_) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("GOAWAY names call ", header.call, " after one that named ", goaway_call_)));
  }
  goaway_call_ = Broken(Fault::kGoawayCallsLost) ? kGoawayAll : header.call;
  const absl::Status status = StatusOf(header);
  const absl::Status why = absl::UnavailableError(
      status.ok() ? "the server is draining"
                  : absl::StrCat("the server ended the connection: ", status.ToString()));
  if (!status.ok()) return Close(why, Ending::kAfterOutput, CloseCause::kPeer);
  if (open_max() > goaway_call_) EndUnseen(why);
  if (std::exchange(draining_, true)) return;
  Event event;
  event.kind = EventKind::kDraining;
  Push(std::move(event));
}

// Looks at the calls only where one may be above: a server can send as many GOAWAYs as it likes.
void ClientSession::EndUnseen(const absl::Status& why) {
  if (FindOpenMax() <= goaway_call_) return;
  for (Call* call : CallsById()) {
    if (call->id > goaway_call_ && !call->ended) EndLost(call, why, true);
  }
}

bool ClientSession::RefuseByHeader(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  if (header.kind != wire::Kind::kMessage && header.kind != wire::Kind::kEnd) return false;
  if (header.call > highest_ || header.Has(wire::kFlagBare)) return false;  // see OnReply
  Call* call = Find(header.call);
  if (call == nullptr || call->ended) return true;
  if (header.code != 0) return false;
  if (!CheckCredit(*call, header.size)) return true;
  absl::Status s = call->inbox.CheckSize(header.size, limits().message_size_max);
  if (s.ok()) return false;
  EndHere(call, std::move(s), header.kind == wire::Kind::kEnd);
  return true;
}

void ClientSession::OnReply(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  if (header.call > highest_) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat(wire::KindName(header.kind), " for call ", header.call,
                     ", but the highest call so far is ", highest_)));
  }
  Call* call = Find(header.call);
  if (call == nullptr || call->ended) {
    ++counters_mutable().frames_ignored;
    return;
  }
  const bool first = !std::exchange(call->reply_begun, true);
  const bool ends = header.kind == wire::Kind::kEnd;
  if (ends && header.code != 0) return EndByServer(call, header, first);
  if (absl::Status s = CheckParts(call->inbox, header); !s.ok()) return Fail(s);
  if (first && !ends && !header.metadata.empty()) {
    Event event = EventOf(EventKind::kMetadata, *call);
    event.header = &header;
    Push(std::move(event));
  }
  if (!header.Has(wire::kFlagBare) && !OnMessage(call, frame)) return;
  if (ends) EndByServer(call, header, first);
}

// False when the call has ended by it.
bool ClientSession::OnMessage(Call* call, const wire::Frame& frame) {
  absl::Status s = Receive(call, frame);
  if (over()) return false;
  if (s.ok() && call->single_reply && call->messages_received > 1) {
    s = absl::InternalError("the server sent a second reply to a method with one");
  }
  if (!s.ok()) {
    EndHere(call, std::move(s), frame.header.kind == wire::Kind::kEnd);
    return false;
  }
  if (!HasCurrent(call)) return true;
  if (!call->single_reply) Push(EventOf(EventKind::kMessage, *call));
  // A single reply is told with the END: one that came before it has to outlive its frame.
  if (call->single_reply && frame.header.kind != wire::Kind::kEnd) KeepCurrent();
  return true;
}

void ClientSession::OnKept(Call* call) {
  absl::Status s = Account(call);
  if (!s.ok()) EndHere(call, std::move(s));
}

void ClientSession::OnDeadline(Call* call) {
  EndHere(call, absl::DeadlineExceededError("the deadline passed"));
}

void ClientSession::EndByServer(Call* call, const wire::Header& header, bool first_frame) {
  call->end_status = StatusOf(header);
  call->unseen = first_frame && header.code != 0 && header.Has(wire::kFlagUnseen);
  if (call->single_reply && header.code == 0 && call->messages_received != 1) {
    call->end_status = absl::InternalError("the server ended the call without a reply");
  }
  call->ended = true;
  sender().Forget(call);
  const bool unread = HasCurrent(call) || !call->inbox.empty();
  if (!call->single_reply && unread && !Broken(Fault::kEndBeforeMessages)) {
    call->end_header = std::make_unique<OwnedHeader>(header);
    deadlines().Remove(call);  // it was kept
    return;
  }
  Event event = EventOf(EventKind::kEnd, *call);
  event.header = &header;
  event.status = call->end_status;
  event.unseen = call->unseen;
  if (call->single_reply && event.status.ok()) {
    event.body = HasCurrent(call) ? current_message() : call->inbox.Take();
  }
  Push(std::move(event));
  Retire(call);
}

// The END came while messages waited: it is told once they have been read.
void ClientSession::TellDeferredEnd(Call* call) {
  if (!call->ended || HasCurrent(call) || !call->inbox.empty()) return;
  Event event = EventOf(EventKind::kEnd, *call);
  event.header = &call->end_header->header();
  event.status = call->end_status;
  event.unseen = call->unseen;
  Push(std::move(event));
  Retire(call);
}

void ClientSession::EndHere(Call* call, absl::Status status, bool end_came) {
  if (!end_came) SendCancel(*call);
  Event event = EventOf(EventKind::kEnd, *call);
  event.status = std::move(status);
  event.unseen = !call->sent_open;
  Push(std::move(event));
  Retire(call);
}

void ClientSession::EndLost(Call* call, const absl::Status& why, bool unseen) {
  Event event = EventOf(EventKind::kEnd, *call);
  event.status = why;
  event.unseen = unseen || !call->sent_open;
  Push(std::move(event));
  Retire(call);
}

void ClientSession::EndEveryCall(const absl::Status& why) {
  for (Call* call : CallsById()) {
    // Its END was in time; what is left is to be read.
    if (!call->ended) EndLost(call, why, call->id > goaway_call_);
  }
}

}  // namespace rpc::session
