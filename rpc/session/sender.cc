#include "rpc/session/sender.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "rpc/session/fault.h"

namespace rpc::session {
namespace {

bool HasText(const wire::Header& header) {
  return !header.name.empty() || !header.metadata.empty() || header.code != 0;
}

// A frame that has to wait: with memory of its own.
Outgoing Keep(const wire::Header& header, const Payload& message) {
  Outgoing frame;
  frame.kind = header.kind;
  frame.flags = header.flags;
  frame.rest = message.bytes;
  frame.owner = message.owner;
  if (frame.owner == nullptr && !message.bytes.empty()) {
    auto copy = std::make_shared<const std::string>(message.bytes);
    frame.rest = *copy;
    frame.owner = std::move(copy);
  }
  if (HasText(header)) frame.header = std::make_unique<OwnedHeader>(header);
  return frame;
}

// Bytes hashed before they can be sent.
constexpr size_t kHashedAheadMax = 1 << 20;

void HashParts(std::string_view rest, size_t part_size, PartDigests* parts) {
  std::array<wire::Md5Job, PartDigests::kPartsMax> jobs;
  parts->rest_size = rest.size();
  parts->part_size = part_size;
  const size_t count_max = std::clamp<size_t>(kHashedAheadMax / part_size, 1, jobs.size());
  for (parts->count = 0; parts->count < count_max && !rest.empty(); ++parts->count) {
    const std::string_view part = rest.substr(0, part_size);
    jobs[parts->count] = {part.data(), part.size(), parts->digests[parts->count].data()};
    rest.remove_prefix(part.size());
  }
  wire::Md5Batch({jobs.data(), parts->count});
}

}  // namespace

Sender::Sender(wire::EncodeBuffers* buffers, uint64_t output_size_max, SendLines* lines)
    : encoder_(buffers), output_size_max_(output_size_max), lines_(lines) {}

void Sender::SendNow(wire::Header* header, std::string_view body) {
  encoder_.Append(*header, body);
  Note(*header);
}

bool Sender::Send(Call* call, wire::Header* header, const Payload& message, TimeUs now_us) {
  if (CanGoAtOnce(*call, *header, message.bytes.size())) {
    Write(call, header, message.bytes, message.owner, nullptr, now_us);
    return true;
  }
  call->queue.push(Keep(*header, message));
  lines_->queued_size += call->queue.back().memory_size();
  Schedule(call);
  return false;
}

void Sender::AddCredit(Call* call, uint64_t credit) {
  call->credit = std::min(call->credit + credit, wire::kNumberMax);
  Schedule(call);
}

void Sender::Pump(TimeUs now_us) {
  while (!output_full() && !lines_->opening.empty()) {
    Call* call = lines_->opening.pop();
    call->scheduled = false;
    SendPart(call, now_us);
    Schedule(call);
  }
  while (!output_full() && !lines_->turns.empty()) {
    Call* call = lines_->turns.pop();
    call->scheduled = false;
    SendPart(call, now_us);
    Schedule(call);
  }
}

void Sender::Forget(Call* call) {
  for (const Outgoing& frame : call->queue) lines_->queued_size -= frame.memory_size();
  call->queue.clear();
  if (std::exchange(call->scheduled, false)) {
    lines_->opening.remove_if([&](Call* other) { return other == call; });
    lines_->turns.remove_if([&](Call* other) { return other == call; });
  }
  if (call->end_written) std::erase(lines_->ended, call);
  if (std::exchange(call->write_waits, false)) std::erase(lines_->writable, call);
}

bool Sender::CanGo(const Call& call) const {
  if (call.queue.empty()) return false;
  const Outgoing& frame = call.queue.front();
  if (frame.bare() || peer_.exempt) return true;
  const size_t size = peer_.takes_parts ? 0 : frame.rest.size();
  return call.credit >= CreditCost(size);
}

// Puts the call in the line where it belongs, if it has anything that can go.
void Sender::Schedule(Call* call) {
  if (call->scheduled || !CanGo(*call)) return;
  call->scheduled = true;
  const Outgoing& frame = call->queue.front();
  const bool opens = frame.kind == wire::Kind::kCall && !frame.started;
  (opens ? lines_->opening : lines_->turns).push(call);
}

size_t Sender::PartSize(const Call& call, const Outgoing& frame) const {
  if (peer_.exempt) return frame.rest.size();
  return std::min({uint64_t{frame.rest.size()}, uint64_t{peer_.frame_body_size_max}, call.credit});
}

const wire::Md5Digest* Sender::PartDigest(const Call& call, Outgoing* frame, size_t size) const {
  const size_t part_size = peer_.frame_body_size_max;
  const bool whole_part = size == std::min(part_size, frame->rest.size());
  const bool has_parts = frame->rest.size() > part_size || frame->digests != nullptr;
  if (!has_parts || !whole_part || !encoder_.md5() || call.form != wire::Form::kBinary) {
    return nullptr;
  }
  if (frame->digests == nullptr) frame->digests = std::make_unique<PartDigests>();
  PartDigests& known = *frame->digests;
  const size_t sent = known.rest_size - frame->rest.size();
  // Cut by the credit: a peer that does so each time makes no more work of it.
  if (known.part_size == part_size && sent % part_size != 0) return nullptr;
  const size_t next = sent / part_size;
  if (known.part_size == part_size && next < known.count) return &known.digests[next];
  HashParts(frame->rest, part_size, &known);
  return &known.digests[0];
}

bool Sender::CanGoAtOnce(const Call& call, const wire::Header& header, size_t size) const {
  if (!call.queue.empty() || output_full()) return false;
  if (header.kind == wire::Kind::kCall && !lines_->opening.empty()) return false;
  if (header.Has(wire::kFlagBare) || peer_.exempt) return true;
  const bool affords = CreditCost(size) <= call.credit || Broken(Fault::kCreditIgnored);
  return size <= peer_.frame_body_size_max && affords;
}

// Writes the next part of the first frame in the call's queue.
void Sender::SendPart(Call* call, TimeUs now_us) {
  Outgoing& frame = call->queue.front();
  const size_t size = PartSize(*call, frame);
  const bool first = !std::exchange(frame.started, true);
  const bool last = size == frame.rest.size();
  const bool end = frame.kind == wire::Kind::kEnd;
  wire::Header header;
  if (frame.header != nullptr && (end ? last : first)) header = frame.header->header();
  header.kind = (end ? last : first) ? frame.kind : wire::Kind::kMessage;
  header.flags = last ? frame.flags : wire::kFlagMore;
  header.encoding = frame.encoding;
  const std::string_view part = frame.rest.substr(0, size);
  const wire::Md5Digest* const md5 = PartDigest(*call, &frame, size);
  lines_->queued_size -= size;
  frame.rest.remove_prefix(size);
  const std::shared_ptr<const void> owner = frame.owner;
  if (last) lines_->queued_size -= call->queue.front().memory_size();
  const Outgoing done = last ? call->queue.pop() : Outgoing();  // lives until it is encoded
  Write(call, &header, part, owner, md5, now_us);
  if (last && call->queue.empty() && call->write_waits) lines_->writable.push_back(call);
}

// Encodes one frame of the call, all of it.
void Sender::Write(Call* call, wire::Header* header, std::string_view body,
                   const std::shared_ptr<const void>& owner, const wire::Md5Digest* md5,
                   TimeUs now_us) {
  header->call = call->id;
  header->form = call->form;
  if (!header->Has(wire::kFlagBare) && !peer_.exempt) call->credit -= CreditCost(body.size());
  if (header->kind == wire::Kind::kCall) {
    call->sent_open = true;
    if (call->deadline_us != kNever) {
      header->timeout_us = call->deadline_us > now_us ? call->deadline_us - now_us : 1;
    }
  }
  if (owner == nullptr) {
    encoder_.Append(*header, body);
  } else {
    encoder_.AppendShared(*header, body, owner, md5);
  }
  Note(*header);
  if (header->kind != wire::Kind::kEnd) return;
  call->end_written = true;
  lines_->ended.push_back(call);
}

void Sender::Note(const wire::Header& header) {
  if (observer_ != nullptr) (*observer_)(header);
}

bool Sender::Valid(const std::vector<const Call*>& calls) const {
  uint64_t queued_size = 0;
  size_t scheduled = 0;
  for (const Call* call : calls) {
    for (const Outgoing& frame : call->queue) queued_size += frame.memory_size();
    scheduled += call->scheduled;
    if (CanGo(*call) && !call->scheduled) return false;
  }
  return queued_size == lines_->queued_size &&
         scheduled == lines_->turns.size() + lines_->opening.size();
}

}  // namespace rpc::session
