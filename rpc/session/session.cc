#include "rpc/session/session.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/session/check.h"
#include "rpc/session/fault.h"
#include "rpc/session/status_codec.h"
#include "rpc/wire/frame_text.h"

namespace rpc::session {
namespace {

// Call records kept for reuse.
constexpr size_t kSpareCallsMax = 4096;

// Different limits of the connections of one loop: there are few.
constexpr size_t kSharedLimitsMax = 8;

}  // namespace

SharedLimits::SharedLimits(const Limits& limits) : Limits(limits) {
  call_window = std::max(call_window, kCallWindowMin);
  frame_body_size_max = std::max(frame_body_size_max, kFrameBodySizeMin);
  header_size_max =
      std::clamp(header_size_max, wire::kHeaderSizeMaxDefault, wire::kHeaderSizeMaxCeiling);
  decoder = {.header_size_max = header_size_max,
             .body_size_max = std::max(message_size_max, kHelloSizeMax)};
}

std::shared_ptr<const SharedLimits> Buffers::Share(const Limits& limits) {
  const SharedLimits wanted(limits);
  for (const std::shared_ptr<const SharedLimits>& shared : limits_) {
    if (*shared == wanted) return shared;
  }
  if (limits_.size() == kSharedLimitsMax) limits_.erase(limits_.begin());
  limits_.push_back(std::make_shared<const SharedLimits>(wanted));
  return limits_.back();
}

Session::Session(Buffers* buffers, const Limits& limits, TimeUs now_us)
    : buffers_(buffers),
      limits_(buffers->Share(limits)),
      decoder_(&buffers->decode, limits_->decoder),
      sender_(&buffers->encode, limits.output_size_max, &buffers->work.none()->lines),
      work_(buffers->work.none()),
      now_us_(now_us),
      input_us_(now_us),
      output_us_(now_us),
      header_us_(now_us),
      idle_us_(now_us) {}

Session::~Session() {
  if (work_ != buffers_->work.none()) delete work_;
}

void Session::StartWork() {
  if (work_ != buffers_->work.none()) return;
  work_ = buffers_->work.Take().release();
  sender_.set_lines(&work_->lines);
}

// Leaves what the session does not need while it is idle to others.
void Session::StopWork() {
  if (work_ == buffers_->work.none() || !work_->empty()) return;
  work_->open_max = 0;
  buffers_->work.Give(std::unique_ptr<Work>(std::exchange(work_, buffers_->work.none())));
  sender_.set_lines(&work_->lines);
}

void Session::Advance(TimeUs now_us) {
  Check(now_us >= now_us_, "time goes forwards");
  if (!WantsInput()) input_us_ = now_us;
  if (sender_.encoder().size() == 0) output_us_ = now_us;
  now_us_ = now_us;
  while (!over() && work_->deadlines.next_us() <= now_us_) {
    Call* call = work_->deadlines.first();
    work_->deadlines.Remove(call);
    OnDeadline(call);
  }
  if (over()) return;
  if (pong_due_ && now_us_ - last_pong_us_ >= limits_->pong_interval_us) SendPong();
  OnTime();
  if (!over()) CheckIdle();
  if (!over()) CheckSilence();
}

TimeUs Session::NextTimeUs() const {
  if (over()) return kNever;
  TimeUs next =
      std::min({work_->deadlines.next_us(), OwnTimeUs(), IdleTimeUs(), PingTimeUs(), LookTimeUs()});
  if (pong_due_) next = std::min(next, last_pong_us_ + limits_->pong_interval_us);
  return next;
}

bool Session::WantsInput() const {
  if (over()) return false;
  return AlwaysReads() || (!sender_.output_full() && work_->full_inboxes == 0);
}

void Session::Commit(size_t size) {
  if (size > 0) {
    input_us_ = now_us_;
    ping_outstanding_ = false;
  }
  decoder_.Commit(size);
}

void Session::InputEnded(const absl::Status& why) {
  if (over()) return;
  const absl::Status rest = decoder_.CheckEnd();
  if (!why.ok()) {
    Close(absl::UnavailableError(why.message()), Ending::kNow, CloseCause::kTransport);
  } else if (!rest.ok()) {
    Close(absl::UnavailableError(absl::StrCat("connection lost: ", rest.message())), Ending::kNow,
          CloseCause::kPeer);
  } else {
    Close(absl::UnavailableError("connection closed by the peer"), Ending::kAfterOutput,
          drain_cause_ == CloseCause::kNone ? CloseCause::kPeer : drain_cause_);
  }
}

void Session::Abandon(const absl::Status& why) {
  Close(why, Ending::kNow, CloseCause::kShutdown);
  ending_ = Ending::kNow;
}

// What the decoder asks about messages of several parts.
class Session::OpenParts final : public wire::FrameDecoder::Parts {
 public:
  explicit OpenParts(const Session* session) : session_(session) {}

  bool IsOpen(uint64_t id) const override {
    const Call* call = session_->work_->calls.Find(id);
    return call != nullptr && call->inbox.assembling();
  }

 private:
  const Session* const session_;
};

bool Session::Next(Event* event) {
  if (work_->events.empty()) {
    KeepCurrent();
    if (!work_->retired.empty()) RecycleRetired();
    TakeTurns();
  }
  const OpenParts parts(this);
  for (const wire::Frame* frame; work_->events.empty();) {
    const wire::FrameDecoder::Event input = decoder_.Next(&frame, &parts);
    if (input == wire::FrameDecoder::kNeedMore) break;
    if (input == wire::FrameDecoder::kError) {
      if (over()) break;
      OnWireFault();
    } else if (over()) {
      if (input == wire::FrameDecoder::kHeader) decoder_.Drop();
    } else if (input == wire::FrameDecoder::kFrame) {
      KeepCurrent();
      if (!std::exchange(header_announced_, false)) header_us_ = now_us_;
      HandleFrame(*frame);
    } else {
      HandleHeader(*frame);
    }
  }
  if (work_->events.empty()) {
    if (!work_->retired.empty()) RecycleRetired();
    StopWork();
    return false;
  }
  *event = work_->events.pop();
  return true;
}

// What came is no frame.
void Session::OnWireFault() {
  if (!frame_seen_ && TakesFormOfPeer()) form_ = decoder_.record_form();
  if (decoder_.fault() == wire::WireFault::kNotAFrame) {
    Close(decoder_.error(), Ending::kNow, CloseCause::kNotFrames);
  } else {
    Fail(decoder_.error(), CloseCause::kBadFrame);
  }
}

// A header is whole, and its body is not.
void Session::HandleHeader(const wire::Frame& frame) {
  header_announced_ = true;
  if (!frame_seen_ && TakesFormOfPeer()) form_ = frame.header.form;
  // A HELLO is short: its body has no more time than its header.
  if (frame.header.kind == wire::Kind::kHello) {
    if (absl::Status s = CheckHelloSize(frame); !s.ok()) Fail(s);
    return;
  }
  header_seen_ = true;
  header_us_ = now_us_;
  const bool too_large = frame.header.size > limits_->message_size_max;
  if (too_large) {
    KeepCurrent();
    HandleFrame(frame);
  }
  if (!too_large && (!frame_seen_ || !RefuseByHeader(frame))) return;
  header_announced_ = false;
  decoder_.Drop();
}

std::span<const wire::Piece> Session::Pieces() {
  TakeTurns();
  return sender_.encoder().Pieces();
}

void Session::Consume(size_t size) {
  if (size > 0) output_us_ = now_us_;
  sender_.encoder().Consume(size);
  TakeTurns();
}

// Writes what may be written, and deals with what that brought about.
void Session::WriteTurns() {
  if (!over()) sender_.Pump(now_us_);
  for (Call* call : sender_.writable()) {
    call->write_waits = false;
    if (!call->over && !Broken(Fault::kWakeupLost)) Push(EventOf(EventKind::kWritable, *call));
  }
  sender_.writable().clear();
  while (!sender_.ended().empty()) {
    Call* call = sender_.ended().back();
    sender_.ended().pop_back();
    OnEndWritten(call);
  }
}

ReadResult Session::Read(uint64_t id, std::string_view* message) {
  Call* call = Find(id);
  if (call == nullptr || call->over) return ReadResult::kGone;
  // What waits is read first, and that may take the memory of the current message.
  if (work_->current_call == call && !call->inbox.empty()) KeepCurrent();
  call = Find(id);
  if (call == nullptr || call->over) return ReadResult::kGone;
  if (!call->inbox.empty()) {
    *message = call->inbox.Take();
  } else if (work_->current_call == call) {
    *message = work_->current_message;
    work_->current_call = nullptr;
  } else {
    return call->half_closed || call->ended ? ReadResult::kEndOfStream : ReadResult::kNothingYet;
  }
  (void)Account(call);  // can only have become less
  if (!call->ended) SendCredit(call);
  OnRead(call);
  return ReadResult::kMessage;
}

void Session::SetTag(uint64_t id, void* tag) {
  if (Call* call = Find(id)) call->tag = tag;
  if (work_->events.empty()) return;
  for (Event& event : work_->events) {
    if (event.call == id) event.tag = tag;
  }
}

std::vector<Call*> Session::CallsById() const {
  std::vector<Call*> list;
  work_->calls.ForEach([&](Call* call) { list.push_back(call); });
  std::sort(list.begin(), list.end(), [](Call* a, Call* b) { return a->id < b->id; });
  return list;
}

uint64_t Session::FindOpenMax() {
  uint64_t highest = 0;
  work_->calls.ForEach([&](const Call* call) {
    if (!call->ended) highest = std::max(highest, call->id);
  });
  return work_->open_max = highest;
}

Call* Session::NewCall(uint64_t id) {
  std::vector<std::unique_ptr<Call>>& spare = buffers_->spare_calls;
  std::unique_ptr<Call> call;
  if (spare.empty()) {
    call = std::make_unique<Call>();
  } else {
    call = std::move(spare.back());
    spare.pop_back();
  }
  StartWork();
  call->id = id;
  work_->open_max = std::max(work_->open_max, id);
  ++counters_.calls_opened;
  Call* const added = call.get();
  work_->calls.Add(std::move(call));
  return added;
}

void Session::Retire(Call* call) {
  sender_.Forget(call);
  work_->deadlines.Remove(call);
  if (work_->current_call == call) work_->current_call = nullptr;
  work_->memory_size -= call->memory_counted;
  work_->windows_grown -= call->inbox.grown();
  if (call->inbox_full) --work_->full_inboxes;
  ++counters_.calls_ended;
  work_->retired.push_back(work_->calls.Remove(call->id));
  Check(work_->retired.back().get() == call, "a call is retired once");
  idle_us_ = now_us_;
}

void Session::RecycleRetired() {
  for (std::unique_ptr<Call>& call : work_->retired) {
    if (buffers_->spare_calls.size() >= kSpareCallsMax) break;
    call->Clear();
    buffers_->spare_calls.push_back(std::move(call));
  }
  work_->retired.clear();
}

void Session::DropEvents(uint64_t id) {
  if (work_->events.empty()) return;
  work_->events.remove_if([&](const Event& event) {
    return event.call == id && event.kind != EventKind::kClosed &&
           event.kind != EventKind::kDraining;
  });
}

Event Session::EventOf(EventKind kind, const Call& call) const {
  Event event;
  event.kind = kind;
  event.call = call.id;
  event.tag = call.tag;
  return event;
}

// What the application has not read of the frame that is about to go moves to its inbox.
void Session::KeepCurrent() {
  if (work_->current_call == nullptr) return;
  Call* call = std::exchange(work_->current_call, nullptr);
  if (Broken(Fault::kMessageTwice)) call->inbox.Keep(std::string(work_->current_message));
  call->inbox.Keep(work_->current_message);
  OnKept(call);
}

absl::Status Session::Account(Call* call) {
  uint64_t size = Broken(Fault::kMemoryNotCounted) ? 0 : call->inbox.memory_size();
  if (call->open_header != nullptr) size += call->open_header->memory_size();
  if (call->end_header != nullptr) size += call->end_header->memory_size();
  work_->memory_size += size - call->memory_counted;
  call->memory_counted = size;
  const bool full = sender_.peer().exempt && call->inbox.waiting_size() >= limits_->call_window;
  if (full != call->inbox_full) {
    call->inbox_full = full;
    full ? ++work_->full_inboxes : --work_->full_inboxes;
  }
  if (held_size() <= limits_->memory_size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("this connection holds ", held_size(),
                                                   " bytes of messages, but at most ",
                                                   limits_->memory_size_max, " are allowed"));
}

absl::Status Session::Receive(Call* call, const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  if (!CheckCredit(*call, header.size)) return absl::OkStatus();
  call->inbox.Charge(header.size);
  const bool hello = !sender_.peer().exempt;  // it has heard what this side waives and offers
  if (absl::Status s = call->inbox.CheckSize(header.size, limits_->message_size_max); !s.ok()) {
    return s;
  }
  if ((frame.check == wire::BodyCheck::kBad && !Broken(Fault::kMd5NotChecked)) ||
      (frame.check == wire::BodyCheck::kAbsent && !(limits_->md5_waived && hello))) {
    ++counters_.bodies_corrupted;
    return CorruptedBody(header.size, frame.check == wire::BodyCheck::kBad
                                          ? "does not have the md5 of its header"
                                          : "came without md5");
  }
  if (header.encoding != wire::Encoding::kIdentity &&
      !(header.encoding == wire::Encoding::kZstd && limits_->zstd && hello)) {
    return absl::UnimplementedError(
        absl::StrCat("encoding ", static_cast<int32_t>(header.encoding), " was not offered"));
  }
  std::string_view message;
  bool corrupted = false;
  absl::Status s = call->inbox.Add(frame, *limits_, &buffers_->expander, &message, &corrupted);
  if (corrupted) ++counters_.bodies_corrupted;
  if (!s.ok()) return s;
  if (message.data() != nullptr) {
    ++call->messages_received;
    work_->current_call = call;
    work_->current_message = message;
  } else {
    SendCredit(call);
  }
  return Account(call);
}

bool Session::CheckCredit(const Call& call, uint64_t size) {
  if (call.inbox.Affords(size)) return true;
  Fail(absl::ResourceExhaustedError(absl::StrCat("call ", call.id, " sent a body of ", size,
                                                 " bytes, but its credit is ",
                                                 call.inbox.credit())));
  return false;
}

absl::Status Session::CheckHelloSize(const wire::Frame& frame) {
  if (frame.header.size <= kHelloSizeMax) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the body of HELLO has ", frame.header.size,
                                                   " bytes, but at most ", kHelloSizeMax,
                                                   " are taken"));
}

absl::Status Session::CheckMessageSize(size_t size, std::string_view peer) const {
  const uint64_t size_max = sender_.peer().message_size_max;
  if (size <= size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("message of ", size, " bytes, but the ",
                                                   absl::string_view(peer.data(), peer.size()),
                                                   " takes at most ", size_max));
}

void Session::SendCredit(Call* call) {
  if (Broken(Fault::kCreditNotReturned)) return;
  // What grown windows let come counts as if it were here: it may come at any time.
  const uint64_t expected_size = held_size() + work_->windows_grown;
  const bool roomy = expected_size < limits_->memory_size_max / 4;
  work_->windows_grown -= call->inbox.grown();
  const uint64_t credit = call->inbox.Grant(roomy, limits_->call_window_max);
  work_->windows_grown += call->inbox.grown();
  if (credit == 0 || over()) return;
  wire::Header header;
  header.kind = wire::Kind::kCredit;
  header.call = call->id;
  header.credit = credit;
  header.form = call->form;
  sender_.SendNow(&header);
}

void Session::Fail(const absl::Status& why, CloseCause cause) {
  if (over()) return;
  wire::Header header;
  header.kind = wire::Kind::kGoaway;
  header.call = GoawayCall();
  header.form = form_;
  const StatusWriter status(why);
  status.WriteTo(&header);
  FitHeader(&header, 0, sender_.peer().header_size_max);
  sender_.SendNow(&header);
  Close(why, Ending::kAfterOutput, cause);
}

void Session::Close(const absl::Status& why, Ending ending, CloseCause cause) {
  if (over()) return;
  ending_ = ending;
  close_cause_ = cause;
  // What the peer did wrong is no fault of the calls.
  EndEveryCall(absl::IsCancelled(why) ? why : absl::UnavailableError(why.message()));
  Event event;
  event.kind = EventKind::kClosed;
  event.status = why;
  Push(std::move(event));
}

void Session::set_trace(Trace trace) {
  trace_ = trace ? std::make_unique<Trace>(std::move(trace)) : nullptr;
  if (trace_ == nullptr) return sender_.set_observer(nullptr);
  sender_.set_observer(
      [this](const wire::Header& header) { (*trace_)("-> " + wire::DescribeFrame(header)); });
}

void Session::CheckInvariants() const {
  uint64_t memory_size = 0;
  uint64_t grown = 0;
  size_t full = 0;
  size_t with_deadline = 0;
  std::vector<const Call*> calls;
  work_->calls.ForEach([&](const Call* call) {
    Check(work_->calls.Find(call->id) == call, "a call stands under its own id");
    memory_size += call->memory_counted;
    grown += call->inbox.grown();
    full += call->inbox_full;
    with_deadline += call->deadline_place != kNoPlace;
    calls.push_back(call);
  });
  Check(calls.size() == work_->calls.size(), "the calls are counted");
  Check(memory_size == work_->memory_size, "the memory of the calls adds up");
  Check(grown == work_->windows_grown, "what windows have grown by adds up");
  Check(full == work_->full_inboxes, "full inboxes are counted");
  Check(with_deadline == work_->deadlines.size(), "only open calls have deadlines");
  Check(work_->deadlines.Valid(), "deadlines are in order");
  Check(sender_.Valid(calls), "the sender's lines are in order");
  const bool all_ended = std::all_of(calls.begin(), calls.end(), [](auto* c) { return c->ended; });
  Check(buffers_->work.none()->empty(), "nothing is put where idle sessions have nothing");
  Check(!over() || all_ended, "no call outlives its connection, unless it only waits to be read");
}

}  // namespace rpc::session
