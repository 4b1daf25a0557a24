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

// With those values raised to what every receiver has to take.
Limits Raised(Limits limits) {
  limits.call_window = std::max(limits.call_window, kCallWindowMin);
  limits.frame_body_size_max = std::max(limits.frame_body_size_max, kFrameBodySizeMin);
  limits.header_size_max =
      std::clamp(limits.header_size_max, wire::kHeaderSizeMaxDefault, wire::kHeaderSizeMaxCeiling);
  return limits;
}

}  // namespace

Session::Session(Buffers* buffers, const Limits& limits, TimeUs now_us)
    : buffers_(buffers),
      limits_(Raised(limits)),
      decoder_(&buffers->decode,
               {.header_size_max = limits_.header_size_max,
                .body_size_max = std::max(limits.message_size_max, kHelloSizeMax)}),
      sender_(&buffers->encode, limits.output_size_max),
      now_us_(now_us),
      start_us_(now_us),
      input_us_(now_us),
      output_us_(now_us) {}

Session::~Session() {
  for (auto& [id, call] : calls_) sender_.Forget(call.get());
}

void Session::Advance(TimeUs now_us) {
  Check(now_us >= now_us_, "time goes forwards");
  if (!WantsInput()) input_us_ = now_us;
  if (sender_.encoder().size() == 0) output_us_ = now_us;
  now_us_ = now_us;
  while (!over() && deadlines_.next_us() <= now_us_) {
    Call* call = deadlines_.first();
    deadlines_.Remove(call);
    OnDeadline(call);
  }
  if (over()) return;
  if (pong_due_ && now_us_ - last_pong_us_ >= limits_.pong_interval_us) SendPong();
  OnTime();
  if (!over()) CheckKeepalive();
  if (!over()) CheckOutputMoves();
}

TimeUs Session::NextTimeUs() const {
  if (over()) return kNever;
  TimeUs next = std::min({deadlines_.next_us(), KeepaliveTimeUs(), OwnTimeUs()});
  if (pong_due_) next = std::min(next, last_pong_us_ + limits_.pong_interval_us);
  if (sender_.encoder().size() > 0) {
    next = std::min(next, output_us_ + limits_.keepalive_idle_us);
  }
  return next;
}

bool Session::WantsInput() const {
  if (over()) return false;
  return AlwaysReads() || (!sender_.output_full() && full_inboxes_ == 0);
}

void Session::Commit(size_t size) {
  if (size > 0) {
    input_us_ = now_us_;
    ping_sent_us_ = kNever;
  }
  decoder_.Commit(size);
}

void Session::InputEnded(const absl::Status& why) {
  if (over()) return;
  const absl::Status rest = decoder_.CheckEnd();
  if (!why.ok()) {
    Close(absl::UnavailableError(why.message()), Ending::kNow);
  } else if (!rest.ok()) {
    Close(absl::UnavailableError(absl::StrCat("connection lost: ", rest.message())), Ending::kNow);
  } else {
    Close(absl::UnavailableError("connection closed by the peer"), Ending::kAfterOutput);
  }
}

bool Session::Next(Event* event) {
  if (events_.empty()) {
    KeepCurrent();
    RecycleRetired();
    TakeTurns();
  }
  for (const wire::Frame* frame; events_.empty();) {
    const wire::FrameDecoder::Event input = decoder_.Next(&frame);
    if (input == wire::FrameDecoder::kNeedMore) break;
    if (input == wire::FrameDecoder::kError) {
      if (over()) break;
      if (counters_.frames_received == 0 && TakesFormOfPeer()) form_ = decoder_.record_form();
      if (decoder_.fault() == wire::WireFault::kNotAFrame) {
        Close(decoder_.error(), Ending::kNow);
      } else {
        Fail(decoder_.error());
      }
    } else if (over()) {
      if (input == wire::FrameDecoder::kHeader) decoder_.Drop();
    } else if (input == wire::FrameDecoder::kFrame) {
      KeepCurrent();
      if (!std::exchange(header_announced_, false)) header_us_ = now_us_;
      HandleFrame(*frame);
    } else {
      header_seen_ = header_announced_ = true;
      header_us_ = now_us_;
      const bool first = counters_.frames_received == 0;
      if (first && TakesFormOfPeer()) form_ = frame->header.form;
      if (frame->header.kind == wire::Kind::kHello) {
        if (absl::Status s = CheckHelloSize(*frame); !s.ok()) Fail(s);
      } else if (frame->header.size > limits_.message_size_max) {
        KeepCurrent();
        HandleFrame(*frame);  // its body is not waited for
        header_announced_ = false;
        decoder_.Drop();
      } else if (!first && RefuseByHeader(*frame)) {
        header_announced_ = false;
        decoder_.Drop();
      }
    }
  }
  if (events_.empty()) return false;
  *event = events_.pop();
  return true;
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
void Session::TakeTurns() {
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
  if (current_call_ == call && !call->inbox.empty()) KeepCurrent();
  call = Find(id);
  if (call == nullptr || call->over) return ReadResult::kGone;
  if (!call->inbox.empty()) {
    *message = call->inbox.Take();
  } else if (current_call_ == call) {
    *message = current_message_;
    current_call_ = nullptr;
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
  for (Event& event : events_) {
    if (event.call == id) event.tag = tag;
  }
}

Call* Session::Find(uint64_t id) {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second.get();
}

std::vector<Call*> Session::CallsById() const {
  std::vector<Call*> list;
  for (const auto& [id, call] : calls_) list.push_back(call.get());
  std::sort(list.begin(), list.end(), [](Call* a, Call* b) { return a->id < b->id; });
  return list;
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
  call->id = id;
  ++counters_.calls_opened;
  return (calls_[id] = std::move(call)).get();
}

void Session::Retire(Call* call) {
  sender_.Forget(call);
  deadlines_.Remove(call);
  if (current_call_ == call) current_call_ = nullptr;
  const auto found = calls_.find(call->id);
  Check(found != calls_.end() && found->second.get() == call, "a call is retired once");
  memory_size_ -= call->memory_counted;
  if (call->inbox_full) --full_inboxes_;
  ++counters_.calls_ended;
  retired_.push_back(std::move(found->second));
  calls_.erase(found);
}

void Session::RecycleRetired() {
  for (std::unique_ptr<Call>& call : retired_) {
    if (buffers_->spare_calls.size() >= kSpareCallsMax) break;
    call->Clear();
    buffers_->spare_calls.push_back(std::move(call));
  }
  retired_.clear();
}

void Session::DropEvents(uint64_t id) {
  events_.remove_if([&](const Event& event) {
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
  if (current_call_ == nullptr) return;
  Call* call = std::exchange(current_call_, nullptr);
  if (Broken(Fault::kMessageTwice)) call->inbox.Keep(std::string(current_message_));
  call->inbox.Keep(current_message_);
  OnKept(call);
}

absl::Status Session::Account(Call* call) {
  uint64_t size = Broken(Fault::kMemoryNotCounted) ? 0 : call->inbox.memory_size();
  if (call->open_header != nullptr) size += call->open_header->memory_size();
  if (call->end_header != nullptr) size += call->end_header->memory_size();
  memory_size_ += size - call->memory_counted;
  call->memory_counted = size;
  const bool full = sender_.peer().exempt && call->inbox.waiting_size() >= limits_.call_window;
  if (full != call->inbox_full) {
    call->inbox_full = full;
    full ? ++full_inboxes_ : --full_inboxes_;
  }
  if (held_size() <= limits_.memory_size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("this connection holds ", held_size(),
                                                   " bytes of messages, but at most ",
                                                   limits_.memory_size_max, " are allowed"));
}

absl::Status Session::Receive(Call* call, const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  if (!CheckCredit(*call, header.size)) return absl::OkStatus();
  call->inbox.Charge(header.size);
  const bool hello = !sender_.peer().exempt;  // it has heard what this side waives and offers
  if (absl::Status s = call->inbox.CheckSize(header.size, limits_.message_size_max); !s.ok()) {
    return s;
  }
  if ((frame.check == wire::BodyCheck::kBad && !Broken(Fault::kMd5NotChecked)) ||
      (frame.check == wire::BodyCheck::kAbsent && !(limits_.md5_waived && hello))) {
    ++counters_.bodies_corrupted;
    return absl::DataLossError(absl::StrCat("the body of ", header.size, " bytes ",
                                            frame.check == wire::BodyCheck::kBad
                                                ? "does not have the md5 of its header"
                                                : "came without md5"));
  }
  if (header.encoding != wire::Encoding::kIdentity &&
      !(header.encoding == wire::Encoding::kZstd && limits_.zstd && hello)) {
    return absl::UnimplementedError(
        absl::StrCat("encoding ", static_cast<int32_t>(header.encoding), " was not offered"));
  }
  std::string_view message;
  absl::Status s = call->inbox.Add(header, frame.body, limits_, &buffers_->expander, &message);
  if (!s.ok()) return s;
  if (message.data() != nullptr) {
    ++call->messages_received;
    current_call_ = call;
    current_message_ = message;
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

absl::Status Session::CheckMessageSize(size_t size) const {
  const uint64_t size_max = sender_.peer().message_size_max;
  if (size <= size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("message of ", size, " bytes, but the peer takes at most ", size_max));
}

void Session::SendCredit(Call* call) {
  if (Broken(Fault::kCreditNotReturned)) return;
  const bool roomy = held_size() < limits_.memory_size_max / 4;
  const uint64_t credit = call->inbox.Grant(roomy, limits_.call_window_max);
  if (credit == 0 || over()) return;
  wire::Header header;
  header.kind = wire::Kind::kCredit;
  header.call = call->id;
  header.credit = credit;
  header.form = call->form;
  sender_.SendNow(&header);
}

void Session::Fail(const absl::Status& why) {
  if (over()) return;
  wire::Header header;
  header.kind = wire::Kind::kGoaway;
  header.call = GoawayCall();
  header.form = form_;
  const StatusWriter status(why);
  status.WriteTo(&header);
  FitHeader(&header, 0, sender_.peer().header_size_max);
  sender_.SendNow(&header);
  Close(why, Ending::kAfterOutput);
}

void Session::Close(const absl::Status& why, Ending ending) {
  if (over()) return;
  ending_ = ending;
  // What the peer did wrong is no fault of the calls.
  EndEveryCall(absl::IsCancelled(why) ? why : absl::UnavailableError(why.message()));
  Event event;
  event.kind = EventKind::kClosed;
  event.status = why;
  Push(std::move(event));
}

void Session::set_trace(std::function<void(const std::string&)> trace) {
  trace_ = std::move(trace);
  if (!trace_) return sender_.set_observer(nullptr);
  sender_.set_observer(
      [this](const wire::Header& header) { trace_("-> " + wire::DescribeFrame(header)); });
}

void Session::CheckInvariants() const {
  uint64_t memory_size = 0;
  size_t full = 0;
  size_t with_deadline = 0;
  std::vector<const Call*> calls;
  for (const auto& [id, call] : calls_) {
    Check(id == call->id, "a call stands under its own id");
    memory_size += call->memory_counted;
    full += call->inbox_full;
    with_deadline += call->deadline_place != kNoPlace;
    calls.push_back(call.get());
  }
  Check(memory_size == memory_size_, "the memory of the calls adds up");
  Check(full == full_inboxes_, "full inboxes are counted");
  Check(with_deadline == deadlines_.size(), "only open calls have deadlines");
  Check(deadlines_.Valid(), "deadlines are in order");
  Check(sender_.Valid(calls), "the sender's lines are in order");
  const bool all_ended = std::all_of(calls.begin(), calls.end(), [](auto* c) { return c->ended; });
  Check(!over() || all_ended, "no call outlives its connection, unless it only waits to be read");
}

}  // namespace rpc::session
