#include "rpc/session/datagram_server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rpc/session/check.h"
#include "rpc/session/datagram_end.h"
#include "rpc/session/fault.h"
#include "rpc/session/metadata.h"
#include "rpc/wire/bytes_as_text.h"

namespace rpc::session {
namespace {

// Of a method's name in a sentence.
constexpr size_t kShownNameMax = 200;

// What each entry sets aside for its END, so that a call that was taken can always be answered, if
// only with an error.
constexpr size_t kEndSizeReserved = 256;

// Of datagrams that wait to be sent and that no entry keeps. Beyond it refusals are not sent: their
// clients repeat.
constexpr uint64_t kUnkeptSizeMax = 256 << 10;

bool IsCall(const wire::Header& header) {
  return header.kind == wire::Kind::kCall && header.Has(wire::kFlagLast) &&
         !header.Has(wire::kFlagMore | wire::kFlagBare) &&
         header.encoding == wire::Encoding::kIdentity;
}

}  // namespace

// Unanswered it stands in the heap with its deadline, answered with the time when it may go;
// `bytes` is its CALL until that is shown, and then its END.
struct DatagramServer::Entry {
  uint64_t number = 0;
  std::string source;
  EndFrame end;
  void* tag = nullptr;
  TimeUs deadline_us = kNever;
  size_t deadline_place = kNoPlace;
  TimeUs expiry_us = kNever;
  bool told = false;  // the application knows of it
  bool handler_done = false;
  bool answered = false;  // its END is made
  bool queued = false;    // its END waits to be sent
  std::string bytes;
  uint64_t memory_counted = 0;

  uint64_t memory_size() const {
    return MemorySize(source.size(), answered ? bytes.size() : Reserved(bytes.size()));
  }

  // The entry, its strings and its places in two tables and a heap.
  static uint64_t MemorySize(size_t source_size, size_t bytes_size) {
    return sizeof(Entry) + 2 * sizeof(Key) + source_size + bytes_size;
  }
  static size_t Reserved(size_t bytes_size) { return std::max(bytes_size, kEndSizeReserved); }
};

DatagramServer::DatagramServer(const DatagramLimits& limits, FindMethod find_method, TimeUs now_us)
    : limits_(limits), find_method_(find_method), now_us_(now_us) {}

DatagramServer::~DatagramServer() = default;

// Datagrams.

void DatagramServer::Receive(std::string_view source, std::string_view datagram) {
  ++counters_.received;
  if (datagram.size() > kDatagramSizeMax) {
    ++counters_.dropped_too_large;
    return;
  }
  if (!ReadDatagram(datagram, &frame_)) {
    ++counters_.dropped_not_a_frame;
    return;
  }
  if (!IsCall(frame_.header)) {
    ++counters_.dropped_not_a_call;
    return;
  }
  if (!BodyIsGood(frame_)) {
    ++counters_.dropped_bad_md5;
    return;
  }
  const wire::Header& header = frame_.header;
  const auto known = by_key_.find(KeyOf(source, header.session, header.call));
  if (known != by_key_.end()) return OnRepeat(known->second, datagram.size());
  const Method* method = nullptr;
  absl::Status refusal = Refusal(datagram.size(), &method);
  if (refusal.ok()) refusal = CheckRoom(source, datagram.size());
  if (!refusal.ok()) return RefuseUnrecorded(source, datagram.size(), refusal);
  Accept(source, datagram, method);
}

DatagramServer::Key DatagramServer::KeyOf(std::string_view source, uint64_t session,
                                          uint64_t call) {
  if (Broken(Fault::kDatagramSourceIgnored)) source = {};
  return {{source.data(), source.size()}, session, call};
}

void DatagramServer::OnRepeat(Entry* entry, size_t size) {
  if (!entry->answered) {
    ++counters_.repeats_dropped;
  } else if (entry->bytes.size() > EndSizeMax(limits_, size) || entry->bytes.empty()) {
    ++counters_.repeats_too_small;
  } else {
    ++counters_.repeats_answered;
    Queue(entry);
  }
}

// Why the call of frame_ is not taken, whatever room there is.
absl::Status DatagramServer::Refusal(size_t size, const Method** method) {
  const wire::Header& header = frame_.header;
  if (absl::Status s = CheckHeader(size); !s.ok()) return s;
  if (draining_) return absl::UnavailableError("the server is draining");
  if (absl::Status s = CheckMetadata(header.metadata); !s.ok()) return s;
  *method = find_method_(header.name);
  if (*method == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("there is no method \"", wire::Printable(header.name, kShownNameMax), "\""));
  }
  if ((*method)->single_request && (*method)->single_reply) return absl::OkStatus();
  return absl::UnimplementedError("use tcp:// for a method that streams: udp has only unary calls");
}

absl::Status DatagramServer::CheckHeader(size_t size) const {
  const wire::Header& header = frame_.header;
  if (header.session == 0) return absl::InvalidArgumentError("a CALL over udp needs a session");
  if (header.call == 0) return absl::InvalidArgumentError("a CALL over udp needs a call id");
  if (header.timeout_us == 0 || header.timeout_us > limits_.timeout_us_max) {
    return absl::InvalidArgumentError(absl::StrCat("timeout_us is ", header.timeout_us,
                                                   ", but over udp it has to be from 1 to ",
                                                   limits_.timeout_us_max));
  }
  // Padding only makes room for the reply.
  const size_t own_size = size - std::min(size, header.padding.size());
  if (own_size <= limits_.datagram_size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("use tcp:// for a request of ", own_size,
                                                   " bytes: over udp this server takes at most ",
                                                   limits_.datagram_size_max));
}

absl::Status DatagramServer::CheckRoom(std::string_view source, size_t size) const {
  if (entries() >= limits_.calls_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the server remembers ", entries(), " calls over udp, of at most ", limits_.calls_max));
  }
  const uint64_t needed = Entry::MemorySize(source.size(), Entry::Reserved(size));
  if (memory_size_ + needed <= limits_.memory_size_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("calls over udp hold ", memory_size_, " bytes, and this one needs ", needed,
                   ", but at most ", limits_.memory_size_max, " are held"));
}

void DatagramServer::RefuseUnrecorded(std::string_view source, size_t size,
                                      const absl::Status& status) {
  ++counters_.calls_refused;
  const wire::Header& header = frame_.header;
  std::string bytes;
  const EndFrame end = {header.session, header.call, header.form, size, EndSizeMax(limits_, size)};
  WriteEnd(end, status, nullptr, {}, &bytes);
  if (bytes.empty()) {
    ++counters_.unanswerable;
  } else if (!QueueUnkept(source, std::move(bytes))) {
    ++counters_.refusals_not_sent;
  }
}

void DatagramServer::Accept(std::string_view source, std::string_view datagram,
                            const Method* method) {
  const wire::Header& header = frame_.header;
  auto made = std::make_unique<Entry>();
  Entry* entry = made.get();
  entry->number = ++numbers_;
  entry->source = source;
  entry->end = {header.session, header.call, header.form, datagram.size(),
                EndSizeMax(limits_, datagram.size())};
  entry->tag = const_cast<Method*>(method);
  entry->deadline_us = now_us_ + header.timeout_us;
  entry->expiry_us = After(entry->deadline_us, limits_.keep_us);
  entry->bytes = datagram;
  entries_.emplace(entry->number, std::move(made));
  by_key_.emplace(KeyOf(entry->source, header.session, header.call), entry);
  deadlines_.Add(entry);
  Account(entry);
  ++running_;
  ++counters_.calls;
  events_.push({EventKind::kCall, entry->number, absl::OkStatus()});
}

// Events.

bool DatagramServer::Next(Event* event) {
  shown_ = std::string();
  while (!events_.empty()) {
    Told told = events_.pop();
    Entry* entry = FindRunning(told.number);
    if (entry == nullptr) continue;
    *event = Event();
    event->kind = told.kind;
    event->call = told.number;
    event->tag = entry->tag;
    event->status = std::move(told.status);
    if (told.kind != EventKind::kCall) return true;
    entry->told = true;
    shown_ = std::exchange(entry->bytes, std::string());
    Account(entry);
    Check(ReadDatagram(shown_, &shown_frame_), "a CALL that was taken can be read again");
    event->header = &shown_frame_.header;
    event->body = shown_frame_.body;
    return true;
  }
  return false;
}

// Null when its handler has ended.
DatagramServer::Entry* DatagramServer::FindRunning(uint64_t number) const {
  const auto found = entries_.find(number);
  if (found == entries_.end() || found->second->handler_done) return nullptr;
  return found->second.get();
}

void DatagramServer::SetTag(uint64_t call, void* tag) {
  if (Entry* entry = FindRunning(call)) entry->tag = tag;
}

std::string_view DatagramServer::SourceOf(uint64_t call) const {
  const Entry* entry = FindRunning(call);
  return entry == nullptr ? std::string_view() : entry->source;
}

// How calls end.

bool DatagramServer::End(uint64_t call, const absl::Status& status, const Payload* reply,
                         std::span<const wire::Metadatum> trailing) {
  Entry* entry = FindRunning(call);
  if (entry == nullptr) return true;
  HandlerDone(entry);
  const bool told = entry->answered || Answer(entry, status, reply, trailing);
  const bool expired = entry->deadline_place == kNoPlace;
  if (expired || Broken(Fault::kDatagramForgottenEarly)) Erase(entry);
  return told;
}

void DatagramServer::Refuse(uint64_t call, const absl::Status& status) {
  Check(!status.ok(), "a refusal says why");
  End(call, status);
}

void DatagramServer::HandlerDone(Entry* entry) {
  entry->handler_done = true;
  --running_;
}

void DatagramServer::Abort(Entry* entry, const absl::Status& status) {
  Answer(entry, status, nullptr, {});
  if (!entry->told) return HandlerDone(entry);
  events_.push({EventKind::kCancelled, entry->number, status});
}

// False when the client is not told the reply.
bool DatagramServer::Answer(Entry* entry, const absl::Status& status, const Payload* reply,
                            std::span<const wire::Metadatum> trailing) {
  entry->answered = true;
  entry->bytes = std::string();
  MoveDeadline(entry, entry->expiry_us);
  const bool fits = WriteEnd(entry->end, status, reply, trailing, &entry->bytes);
  if (entry->bytes.empty()) ++counters_.unanswerable;
  const uint64_t size = memory_size_ - entry->memory_counted + entry->memory_size();
  const bool kept = size <= limits_.memory_size_max;
  const bool sent = !kept && SendUnkept(entry);
  Account(entry);
  if (!sent && !entry->bytes.empty()) Queue(entry);
  return fits && (kept || sent);
}

// The memory is used up: the reply is sent this once, and its repeats learn that it is gone. False
// when it can't be sent either.
bool DatagramServer::SendUnkept(Entry* entry) {
  ++counters_.replies_not_kept;
  const bool sent = QueueUnkept(entry->source, std::move(entry->bytes));
  EndFrame end = entry->end;
  end.size_max = std::min(end.size_max, kEndSizeReserved);
  const absl::Status status = absl::ResourceExhaustedError(
      "the call was handled, but there was no memory to keep its reply for this repeat");
  WriteEnd(end, status, nullptr, {}, &entry->bytes);
  if (entry->bytes.empty()) ++counters_.unanswerable;
  return sent;
}

void DatagramServer::OnDeadline(Entry* entry) {
  Abort(entry, absl::DeadlineExceededError("the deadline passed"));
}

// An entry whose handler still runs goes when that ends.
void DatagramServer::OnExpiry(Entry* entry) {
  deadlines_.Remove(entry);
  if (entry->handler_done && !Broken(Fault::kDatagramEntryLeaked)) Erase(entry);
}

void DatagramServer::CancelEveryCall(const absl::Status& why) {
  std::vector<Entry*> open;
  for (const auto& [number, entry] : entries_) {
    if (!entry->answered) open.push_back(entry.get());
  }
  std::sort(open.begin(), open.end(),
            [](const Entry* a, const Entry* b) { return a->number < b->number; });
  for (Entry* entry : open) Abort(entry, why);
}

// Output.

void DatagramServer::Queue(Entry* entry) {
  if (std::exchange(entry->queued, true)) return;
  Outgoing outgoing;
  outgoing.number = entry->number;
  output_.push(std::move(outgoing));
}

bool DatagramServer::QueueUnkept(std::string_view destination, std::string bytes) {
  if (unkept_size_ + bytes.size() > kUnkeptSizeMax) return false;
  unkept_size_ += bytes.size();
  output_.push({0, std::string(destination), std::move(bytes)});
  return true;
}

bool DatagramServer::NextDatagram(Datagram* datagram) {
  while (!output_.empty()) {
    sent_ = output_.pop();
    if (sent_.number == 0) {
      unkept_size_ -= sent_.bytes.size();
      *datagram = {sent_.destination, sent_.bytes};
      return true;
    }
    const auto found = entries_.find(sent_.number);
    if (found == entries_.end()) continue;
    Entry* entry = found->second.get();
    entry->queued = false;
    *datagram = {entry->source, entry->bytes};
    return true;
  }
  return false;
}

// Time and memory.

void DatagramServer::Advance(TimeUs now_us) {
  now_us_ = now_us;
  while (deadlines_.next_us() <= now_us) {
    Entry* entry = deadlines_.first();
    entry->answered ? OnExpiry(entry) : OnDeadline(entry);
  }
}

TimeUs DatagramServer::NextTimeUs() const { return deadlines_.next_us(); }

void DatagramServer::MoveDeadline(Entry* entry, TimeUs deadline_us) {
  deadlines_.Remove(entry);
  entry->deadline_us = deadline_us;
  deadlines_.Add(entry);
}

void DatagramServer::Account(Entry* entry) {
  const uint64_t size = entry->memory_size();
  memory_size_ += size - entry->memory_counted;
  entry->memory_counted = size;
}

void DatagramServer::Erase(Entry* entry) {
  deadlines_.Remove(entry);
  memory_size_ -= entry->memory_counted;
  by_key_.erase(KeyOf(entry->source, entry->end.session, entry->end.call));
  entries_.erase(entry->number);
}

void DatagramServer::CheckInvariants() const {
  uint64_t memory_size = 0;
  size_t running = 0;
  for (const auto& [number, entry] : entries_) {
    memory_size += entry->memory_size();
    running += !entry->handler_done;
    Check(!entry->handler_done || entry->answered, "a call whose handler has ended has its END");
    Check(entry->deadline_place != kNoPlace || !entry->handler_done,
          "an entry that nobody needs goes when its time is over");
  }
  Check(memory_size == memory_size_, "the memory of entries is counted");
  Check(memory_size <= limits_.memory_size_max, "the memory of entries is within its limit");
  Check(running == running_, "the handlers that run are counted");
  Check(entries_.size() == by_key_.size(), "each entry is found by its number and by its key");
  Check(entries_.size() <= limits_.calls_max, "there are no more entries than allowed");
  Check(deadlines_.Valid(), "the deadlines are in order");
}

}  // namespace rpc::session
