#include "rpc/session/datagram_client.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rpc/session/check.h"
#include "rpc/session/fault.h"
#include "rpc/session/metadata.h"
#include "rpc/session/owned_header.h"
#include "rpc/session/status_codec.h"
#include "rpc/wire/md5.h"
#include "rpc/wire/utf8.h"

namespace rpc::session {
namespace {

// Tag, length and one byte: the least that padding adds.
constexpr size_t kPaddingSizeMin = 4;

bool IsEnd(const wire::Header& header) {
  return header.kind == wire::Kind::kEnd && !header.Has(wire::kFlagMore) &&
         header.encoding == wire::Encoding::kIdentity;
}

}  // namespace

// Open it stands in the heap with the time of its next repeat, or of its deadline.
struct DatagramClient::Call {
  uint64_t id = 0;
  void* tag = nullptr;
  TimeUs end_us = kNever;  // its deadline
  TimeUs repeat_us = 0;    // from the last sending to the next
  TimeUs deadline_us = kNever;
  size_t deadline_place = kNoPlace;
  size_t size_min = 0;  // of each of its datagrams
  bool queued = false;  // waits to be sent
  bool ended = false;   // waits for Next
  absl::Status status;  // then, unless its END says it
  std::string end;      // the END's datagram
  std::string memory;   // of the request, when nobody else owns it
  Payload request;
  std::unique_ptr<OwnedHeader> header;

  uint64_t memory_size() const { return header->memory_size() + request.bytes.size(); }
};

DatagramClient::DatagramClient(const DatagramLimits& limits, uint64_t session, TimeUs now_us)
    : limits_(limits), session_(session), now_us_(now_us) {
  Check(session != 0, "a session over udp is not 0");
  limits_.datagram_size_max = std::min<uint64_t>(limits_.datagram_size_max, kDatagramSizeMax);
  if (limits_.call_size_min == 0) {
    limits_.call_size_min = (limits_.datagram_size_max + kAmplificationMax - 1) / kAmplificationMax;
  }
  limits_.call_size_min = std::min(limits_.call_size_min, limits_.datagram_size_max);
  padding_.resize(limits_.call_size_min);
}

DatagramClient::~DatagramClient() = default;

// Opening.

absl::Status DatagramClient::CheckOpening(const Opening& opening, const Payload& message) const {
  if (!opening.single_reply || !opening.last) {
    return absl::UnimplementedError(
        "use tcp:// for a method that streams: udp has only unary calls");
  }
  if (opening.deadline_us <= now_us_) {
    return absl::DeadlineExceededError("the deadline had passed before the call was sent");
  }
  if (open_calls() >= limits_.calls_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        open_calls(), " calls are open over udp, and at most ", limits_.calls_max, " may be"));
  }
  if (memory_size_ + message.bytes.size() > limits_.memory_size_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("calls over udp hold ", memory_size_, " bytes, and this one has ",
                     message.bytes.size(), ", but at most ", limits_.memory_size_max, " are held"));
  }
  if (!wire::IsValidUtf8(opening.name)) {
    return absl::InvalidArgumentError("the name of the method is not UTF-8");
  }
  return CheckMetadata(opening.metadata);
}

absl::StatusOr<uint64_t> DatagramClient::Open(const Opening& opening, const Payload& message) {
  if (absl::Status s = CheckOpening(opening, message); !s.ok()) return s;
  const TimeUs end_us = std::min(opening.deadline_us, After(now_us_, limits_.timeout_us_max));
  wire::Header header;
  header.name = opening.name;
  header.call = highest_ + 1;
  header.session = session_;
  header.flags = wire::kFlagLast;
  header.timeout_us = end_us - now_us_;
  header.metadata.assign(opening.metadata.begin(), opening.metadata.end());
  const size_t size = DatagramSize(header, message.bytes.size());
  if (size > limits_.datagram_size_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("use tcp:// for this call: its request takes a datagram of ", size,
                     " bytes, but over udp at most ", limits_.datagram_size_max, " are sent"));
  }
  Pad(header, message.bytes.size(), limits_.call_size_min);
  auto call = std::make_unique<Call>();
  call->id = ++highest_;
  call->tag = opening.tag;
  call->end_us = end_us;
  call->repeat_us = limits_.repeat_min_us;
  call->deadline_us = std::min(end_us, now_us_ + call->repeat_us);
  call->size_min = DatagramSize(header, message.bytes.size());
  Keep(call.get(), header, message);
  Begin(std::move(call));
  return highest_;
}

// What every sending of the CALL needs: the body is hashed once.
void DatagramClient::Keep(Call* call, wire::Header& header, const Payload& message) {
  const wire::Md5Digest digest = wire::Md5(message.bytes);
  if (!message.bytes.empty()) header.md5 = {reinterpret_cast<const char*>(&digest), digest.size()};
  header.padding = {};
  call->header = std::make_unique<OwnedHeader>(header);
  call->request = message;
  if (message.owner != nullptr) return;
  call->memory = message.bytes;
  call->request.bytes = call->memory;
}

void DatagramClient::Begin(std::unique_ptr<Call> call) {
  memory_size_ += call->memory_size();
  deadlines_.Add(call.get());
  Queue(call.get());
  calls_.emplace(call->id, std::move(call));
  ++counters_.calls_opened;
}

// Sending.

void DatagramClient::Queue(Call* call) {
  if (!std::exchange(call->queued, true)) output_.push(call->id);
}

bool DatagramClient::NextDatagram(Datagram* datagram) {
  while (!output_.empty()) {
    Call* call = FindOpen(output_.pop());
    if (call == nullptr) continue;
    call->queued = false;
    Write(*call);
    *datagram = {.destination = {}, .bytes = sent_};
    return true;
  }
  return false;
}

void DatagramClient::Write(const Call& call) {
  scratch_ = call.header->header();
  scratch_.timeout_us = std::max<TimeUs>(call.end_us - now_us_, 1);
  Pad(scratch_, call.request.bytes.size(), call.size_min);
  WriteDatagram(scratch_, call.request.bytes, &sent_);
}

void DatagramClient::Pad(wire::Header& header, size_t body_size, size_t size_min) {
  const size_t size = DatagramSize(header, body_size);
  if (size >= size_min) return;
  const size_t missing = std::max(size_min - size, kPaddingSizeMin);
  if (padding_.size() < missing) padding_.resize(missing);
  header.padding = std::string_view(padding_).substr(0, missing - kPaddingSizeMin + 1);
  const size_t padded_size = DatagramSize(header, body_size);
  if (padded_size <= limits_.datagram_size_max) return;
  const size_t excess = padded_size - limits_.datagram_size_max;
  header.padding.remove_suffix(std::min(excess, header.padding.size()));
}

void DatagramClient::Repeat(Call* call) {
  ++counters_.repeats;
  if (!Broken(Fault::kDatagramRepeatsLost)) Queue(call);
  call->repeat_us = std::min(2 * call->repeat_us, limits_.repeat_max_us);
  MoveDeadline(call, std::min(call->end_us, now_us_ + call->repeat_us));
}

void DatagramClient::Advance(TimeUs now_us) {
  now_us_ = now_us;
  while (deadlines_.next_us() <= now_us) {
    Call* call = deadlines_.first();
    if (now_us < call->end_us) {
      Repeat(call);
    } else {
      EndWith(call, absl::DeadlineExceededError("the deadline passed"));
    }
  }
}

TimeUs DatagramClient::NextTimeUs() const { return deadlines_.next_us(); }

void DatagramClient::MoveDeadline(Call* call, TimeUs deadline_us) {
  deadlines_.Remove(call);
  call->deadline_us = deadline_us;
  deadlines_.Add(call);
}

// Ends.

void DatagramClient::Receive(std::string_view datagram) {
  ++counters_.received;
  if (!ReadDatagram(datagram, &frame_)) {
    ++counters_.dropped_not_a_frame;
    return;
  }
  if (!IsEnd(frame_.header)) {
    ++counters_.dropped_not_an_end;
    return;
  }
  const bool ours = frame_.header.session == session_ || Broken(Fault::kDatagramSessionIgnored);
  Call* call = ours ? FindOpen(frame_.header.call) : nullptr;
  if (call == nullptr) {
    ++counters_.dropped_not_ours;
    return;
  }
  if (!BodyIsGood(frame_)) {
    ++counters_.dropped_bad_md5;
    return;
  }
  call->end = datagram;
  EndWith(call, absl::OkStatus());
}

// Null when it has ended.
DatagramClient::Call* DatagramClient::FindOpen(uint64_t id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second->ended) return nullptr;
  return found->second.get();
}

void DatagramClient::EndWith(Call* call, absl::Status status) {
  deadlines_.Remove(call);
  call->ended = true;
  call->status = std::move(status);
  ended_.push(call->id);
}

bool DatagramClient::Next(Event* event) {
  shown_ = nullptr;
  while (!ended_.empty()) {
    const auto found = calls_.find(ended_.pop());
    if (found == calls_.end()) continue;
    shown_ = std::move(found->second);
    calls_.erase(found);
    memory_size_ -= shown_->memory_size();
    ++counters_.calls_ended;
    Show(shown_.get(), event);
    return true;
  }
  return false;
}

void DatagramClient::Show(Call* call, Event* event) {
  *event = Event();
  event->kind = EventKind::kEnd;
  event->call = call->id;
  event->tag = call->tag;
  event->status = call->status;
  if (call->end.empty()) return;
  Check(ReadDatagram(call->end, &shown_frame_), "an END that was taken can be read again");
  const wire::Header& header = shown_frame_.header;
  event->header = &header;
  event->status = StatusOf(header);
  if (!event->status.ok()) return;
  if (header.Has(wire::kFlagBare)) {
    event->status = absl::InternalError("the server ended the call without a reply");
  } else {
    event->body = shown_frame_.body;
  }
}

void DatagramClient::Cancel(uint64_t id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || Broken(Fault::kDatagramToldAfterCancel)) return;
  deadlines_.Remove(found->second.get());
  memory_size_ -= found->second->memory_size();
  calls_.erase(found);
}

void DatagramClient::EndEveryCall(const absl::Status& why) {
  std::vector<Call*> open;
  for (const auto& [id, call] : calls_) {
    if (!call->ended) open.push_back(call.get());
  }
  std::sort(open.begin(), open.end(), [](const Call* a, const Call* b) { return a->id < b->id; });
  for (Call* call : open) EndWith(call, why);
}

void DatagramClient::CheckInvariants() const {
  uint64_t memory_size = 0;
  for (const auto& [id, call] : calls_) {
    memory_size += call->memory_size();
    Check(call->ended == (call->deadline_place == kNoPlace), "only an open call has a deadline");
  }
  Check(memory_size == memory_size_, "the memory of calls is counted");
  Check(deadlines_.Valid(), "the deadlines are in order");
}

}  // namespace rpc::session
