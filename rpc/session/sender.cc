#include "rpc/session/sender.h"

#include <algorithm>
#include <utility>

#include "rpc/session/fault.h"
#include "rpc/wire/md5.h"

namespace rpc::session {
namespace {

bool HasText(const wire::Header& header) {
  return !header.name.empty() || !header.metadata.empty() || header.code != 0;
}

Outgoing FrameOf(const wire::Header& header, const Payload& message) {
  Outgoing frame;
  frame.kind = header.kind;
  frame.flags = header.flags;
  frame.rest = message.bytes;
  frame.size = message.bytes.size();
  frame.owner = message.owner;
  if (HasText(header)) frame.header = std::make_unique<OwnedHeader>(header);
  return frame;
}

// One that has to wait: with memory of its own.
Outgoing Keep(const wire::Header& header, const Payload& message) {
  Outgoing frame = FrameOf(header, message);
  if (frame.owner != nullptr || frame.size == 0) return frame;
  auto copy = std::make_shared<const std::string>(message.bytes);
  frame.rest = *copy;
  frame.owner = std::move(copy);
  return frame;
}

// What is longer goes in parts even where the peer would take it whole: both sides hash them side
// by side, in a fraction of the time. Shorter parts cost more than they save.
constexpr size_t kWholeMax = 6 << 10;
constexpr size_t kLanePartMin = 2 << 10;

size_t LanePartSize(size_t size) {
  const size_t count = std::min(size / kLanePartMin, wire::kMd5Lanes);
  return (size - 1) / count + 1;
}

}  // namespace

Sender::Sender(wire::EncodeBuffers* buffers, uint64_t output_size_max, SendLines* lines)
    : encoder_(buffers), output_size_max_(output_size_max), lines_(lines) {}

void Sender::SendNow(wire::Header* header, std::string_view body) {
  encoder_.Append(*header, body);
  Note(*header);
}

bool Sender::Send(Call* call, wire::Header* header, const Payload& message, TimeUs now_us) {
  const size_t size = message.bytes.size();
  if (CanGoAtOnce(*call, *header, size)) {
    if (!CutsForLanes(*call, size)) {
      Write(call, header, message.bytes, message.owner, now_us);
    } else {
      Outgoing frame = FrameOf(*header, message);
      WriteParts(call, &frame, size, now_us);
    }
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
  for (Fifo<Call*>* line : {&lines_->opening, &lines_->turns}) {
    while (!output_full() && !line->empty()) {
      Call* call = line->pop();
      call->scheduled = false;
      SendTurn(call, now_us);
      Schedule(call);
    }
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

size_t Sender::TurnSize(const Call& call) const {
  const size_t size = call.queue.front().rest.size();
  if (peer_.exempt) return size;
  return std::min({uint64_t{size}, uint64_t{peer_.frame_body_size_max}, call.credit});
}

bool Sender::CanGoAtOnce(const Call& call, const wire::Header& header, size_t size) const {
  if (!call.queue.empty() || output_full()) return false;
  if (header.kind == wire::Kind::kCall && !lines_->opening.empty()) return false;
  if (header.Has(wire::kFlagBare) || peer_.exempt) return true;
  const bool affords = CreditCost(size) <= call.credit || Broken(Fault::kCreditIgnored);
  return size <= peer_.frame_body_size_max && affords;
}

// What goes of the first frame in the call's queue before others have their turn.
void Sender::SendTurn(Call* call, TimeUs now_us) {
  Outgoing& frame = call->queue.front();
  WriteParts(call, &frame, TurnSize(*call), now_us);
  if (!frame.rest.empty()) return;
  lines_->queued_size -= frame.memory_size();
  call->queue.pop();
  if (call->queue.empty() && call->write_waits) lines_->writable.push_back(call);
}

bool Sender::CutsForLanes(const Call& call, size_t size) const {
  return size > kWholeMax && encoder_.md5() && call.form == wire::Form::kBinary &&
         peer_.takes_parts && !peer_.exempt;
}

// Writes the next `size` bytes of the frame.
void Sender::WriteParts(Call* call, Outgoing* frame, size_t size, TimeUs now_us) {
  const size_t part_size = CutsForLanes(*call, size) ? LanePartSize(size) : size;
  for (; size > part_size; size -= part_size) WritePart(call, frame, part_size, now_us);
  WritePart(call, frame, size, now_us);
}

void Sender::WritePart(Call* call, Outgoing* frame, size_t size, TimeUs now_us) {
  const bool first = !std::exchange(frame->started, true);
  const bool last = size == frame->rest.size();
  const bool named = frame->kind == wire::Kind::kEnd ? last : first;
  wire::Header header;
  if (frame->header != nullptr && named) header = frame->header->header();
  header.kind = named ? frame->kind : wire::Kind::kMessage;
  header.flags = last ? frame->flags : wire::kFlagMore;
  const std::string_view part = frame->rest.substr(0, size);
  frame->rest.remove_prefix(size);
  Write(call, &header, part, frame->owner, now_us);
}

// Encodes one frame of the call, all of it.
void Sender::Write(Call* call, wire::Header* header, std::string_view body,
                   const std::shared_ptr<const void>& owner, TimeUs now_us) {
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
    encoder_.AppendShared(*header, body, owner);
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
