#include "rpc/session/sender.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace rpc::session {
namespace {

template <typename List>
void RemoveFrom(List* list, Call* call) {
  list->erase(std::remove(list->begin(), list->end(), call), list->end());
}

}  // namespace

Sender::Sender(wire::EncodeBuffers* buffers, uint64_t output_size_max)
    : encoder_(buffers), output_size_max_(output_size_max) {}

void Sender::SendNow(wire::Header* header, std::string_view body) {
  encoder_.Append(*header, body);
  Note(*header);
}

bool Sender::Send(Call* call, Outgoing frame, TimeUs now_us) {
  queued_size_ += frame.memory_size();
  call->queue.push_back(std::move(frame));
  Schedule(call);
  // Nobody stands in line before it: its first part goes at once.
  if (turns_.size() + opening_.size() <= 1) Pump(now_us);
  return call->queue.empty();
}

void Sender::AddCredit(Call* call, uint64_t credit) {
  call->credit = std::min(call->credit + credit, wire::kNumberMax);
  Schedule(call);
}

void Sender::Pump(TimeUs now_us) {
  while (!output_full() && !opening_.empty()) {
    Call* call = opening_.front();
    opening_.pop_front();
    call->scheduled = false;
    SendPart(call, now_us);
    Schedule(call);
  }
  while (!output_full() && !turns_.empty()) {
    Call* call = turns_.front();
    turns_.pop_front();
    call->scheduled = false;
    SendPart(call, now_us);
    Schedule(call);
  }
}

void Sender::Forget(Call* call) {
  for (const Outgoing& frame : call->queue) queued_size_ -= frame.memory_size();
  call->queue.clear();
  if (std::exchange(call->scheduled, false)) {
    RemoveFrom(&opening_, call);
    RemoveFrom(&turns_, call);
  }
  RemoveFrom(&ended_, call);
  if (std::exchange(call->write_waits, false)) RemoveFrom(&writable_, call);
}

bool Sender::CanGo(const Call& call) const {
  if (call.queue.empty()) return false;
  return call.queue.front().bare() || peer_.exempt || call.credit >= kFrameCreditMin;
}

// Puts the call in the line where it belongs, if it has anything that can go.
void Sender::Schedule(Call* call) {
  if (call->scheduled || !CanGo(*call)) return;
  call->scheduled = true;
  const Outgoing& frame = call->queue.front();
  const bool opens = frame.kind == wire::Kind::kCall && !frame.started;
  (opens ? opening_ : turns_).push_back(call);
}

size_t Sender::PartSize(const Call& call, const Outgoing& frame) const {
  if (peer_.exempt) return frame.rest.size();
  return std::min({uint64_t{frame.rest.size()}, peer_.frame_body_size_max, call.credit});
}

// Writes the next part of the first frame in the call's queue.
void Sender::SendPart(Call* call, TimeUs now_us) {
  Outgoing& frame = call->queue.front();
  const size_t size = PartSize(*call, frame);
  const bool last = size == frame.rest.size();
  wire::Header& header = scratch_;
  header.Clear();
  const bool opens = frame.kind == wire::Kind::kCall && !frame.started;
  const bool ends = frame.kind == wire::Kind::kEnd && last;
  const bool has_header = frame.kind == wire::Kind::kEnd ? last : !frame.started;
  if (frame.header != nullptr && has_header) header = frame.header->header();
  header.kind = opens || ends ? frame.kind : wire::Kind::kMessage;
  header.flags = last ? frame.flags : wire::kFlagMore;
  header.encoding = frame.encoding;
  header.form = call->form;
  header.call = call->id;
  if (opens && call->deadline_us != kNever) {
    header.timeout_us = call->deadline_us > now_us ? call->deadline_us - now_us : 1;
  }
  if (!frame.bare() && !peer_.exempt) call->credit -= CreditCost(size);
  if (opens) call->sent_open = true;
  encoder_.AppendShared(header, frame.rest.substr(0, size), frame.owner);
  Note(header);
  frame.started = true;
  queued_size_ -= size;
  frame.rest.remove_prefix(size);
  if (last) Finish(call);
}

// The first frame of the queue has been written to its end.
void Sender::Finish(Call* call) {
  const bool end = call->queue.front().kind == wire::Kind::kEnd;
  queued_size_ -= call->queue.front().memory_size();
  call->queue.pop_front();
  if (end) {
    call->end_written = true;
    ended_.push_back(call);
  }
  if (call->queue.empty() && call->write_waits) writable_.push_back(call);
}

void Sender::Note(const wire::Header& header) {
  ++frames_sent_;
  if (observer_) observer_(header);
}

bool Sender::Valid(const std::vector<const Call*>& calls) const {
  uint64_t queued_size = 0;
  size_t scheduled = 0;
  for (const Call* call : calls) {
    for (const Outgoing& frame : call->queue) queued_size += frame.memory_size();
    scheduled += call->scheduled;
    if (CanGo(*call) && !call->scheduled) return false;
  }
  return queued_size == queued_size_ && scheduled == turns_.size() + opening_.size();
}

}  // namespace rpc::session
