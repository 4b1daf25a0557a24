#include "tests/simulation/pipe.h"

#include <algorithm>
#include <utility>

namespace rpc::simulation {
namespace {

// A pipe that carries single bytes takes an event for each: after so many it carries more.
constexpr uint64_t kTinyChunksMax = 3'000;

}  // namespace

Pipe::Pipe(World* world) : world_(world) {}

uint64_t Pipe::room() const {
  const uint64_t held = in_flight_size_ + arrived_.size() - taken_;
  const uint64_t size_max = world_->scenario().pipe_size_max;
  return size_max > held ? size_max - held : 0;
}

size_t Pipe::Write(std::string_view bytes) {
  // As a socket takes them until it learns of the reset.
  if (failed_ || end_arrived_) return bytes.size();
  writer_waits_ = bytes.size() > room();
  bytes = bytes.substr(0, room());
  if (bytes.empty()) return 0;
  Scan(bytes);
  const TimeUs latency_us =
      world_->healed() ? 0 : world_->random().Below(world_->scenario().latency_us_max + 1);
  TimeUs due_us = world_->now_us() + latency_us;
  if (!in_flight_.empty()) due_us = std::max(due_us, in_flight_.back().due_us);
  in_flight_.push_back({std::string(bytes), due_us});
  in_flight_size_ += bytes.size();
  ApplyFlip(&in_flight_.back().bytes);
  written_ += bytes.size();
  Schedule();
  return bytes.size();
}

void Pipe::Scan(std::string_view bytes) {
  const uint64_t start = written_;
  for (size_t at = 0; at < bytes.size();) {
    at += scanner_.Take(bytes.substr(at));
    if (scanner_.place() == FrameScanner::Place::kBroken) {
      return world_->Complain("a session wrote what is no frame");
    }
    if (scanner_.header_completed() && observer_) observer_(scanner_.header());
    written_ = start + at;
    PlanFlip();
  }
  written_ = start;
}

// Called with written_ at a change of place: decides whether the place that begins is damaged.
void Pipe::PlanFlip() {
  if (world_->healed() || flip_at_ != UINT64_MAX) return;
  Random& random = world_->random();
  const bool body = scanner_.header_completed() && scanner_.place() == FrameScanner::Place::kBody;
  const bool header = scanner_.place() == FrameScanner::Place::kLength;
  if (body && flips_.body_percent > 0 && random.Percent(flips_.body_percent)) {
    flip_at_ = written_ + random.Below(scanner_.rest());
    if (flips_.on_body_flip) flips_.on_body_flip(scanner_.header());
  } else if (header && flips_.header_percent > 0 && random.Percent(flips_.header_percent)) {
    // The length, or as much of the header as every header has.
    flip_at_ = written_ + random.Below(random.Percent(20) ? wire::kLengthBytes : 30);
    if (flips_.on_header_flip) flips_.on_header_flip();
  }
}

void Pipe::ApplyFlip(std::string* bytes) {
  if (flip_at_ < written_ || flip_at_ >= written_ + bytes->size()) return;
  (*bytes)[flip_at_ - written_] ^= static_cast<char>(1 << world_->random().Below(8));
  flip_at_ = UINT64_MAX;
}

void Pipe::CloseWriting() {
  closed_ = true;
  Schedule();
}

void Pipe::Take(size_t size) {
  taken_ += size;
  if (taken_ == arrived_.size()) {
    arrived_.clear();
    taken_ = 0;
  } else if (taken_ > arrived_.size() / 2) {
    arrived_.erase(0, taken_);
    taken_ = 0;
  }
  if (writer_waits_ && room() > 0) {
    writer_waits_ = false;
    Tell(writer_);
  }
}

void Pipe::Stall(TimeUs until_us) { stalled_until_us_ = std::max(stalled_until_us_, until_us); }

void Pipe::Silence() {
  silent_ = true;
  in_flight_.clear();
}

void Pipe::Fail() {
  if (failed_) return;
  failed_ = true;
  in_flight_.clear();
  in_flight_size_ = 0;
  Tell(reader_);
  Tell(writer_);
}

void Pipe::End() {
  in_flight_.clear();
  in_flight_size_ = 0;
  discarding_ = true;  // of what is still written
  closed_ = end_arrived_ = true;
  Tell(reader_);
}

void Pipe::CutAt(uint64_t offset, std::function<void()> act) {
  cut_at_ = std::max(offset, delivered_);
  on_cut_ = std::move(act);
}

void Pipe::Discard() {
  discarding_ = true;
  Take(arrived().size());
}

void Pipe::Tell(const std::function<void()>& whom) {
  if (whom) world_->After(0, whom);
}

void Pipe::Schedule() {
  if (scheduled_ || failed_ || silent_ || end_arrived_) return;
  if (in_flight_.empty() && !closed_) return;
  scheduled_ = true;
  TimeUs at_us = std::max(last_us_, stalled_until_us_);
  if (!in_flight_.empty()) at_us = std::max(at_us, in_flight_.front().due_us);
  const TimeUs now_us = world_->now_us();
  world_->After(at_us > now_us ? at_us - now_us : 0, [this] { Deliver(); });
}

size_t Pipe::ChunkSize() {
  Random& random = world_->random();
  if (world_->healed()) return 65'536;
  switch (world_->scenario().chunking) {
    case Chunking::kLarge:
      return 65'536;
    case Chunking::kMixed:
      return 1 + random.Spread(65'536);
    case Chunking::kTiny:
      return ++tiny_chunks_ < kTinyChunksMax ? random.Between(1, 8) : 65'536;
  }
  return 1;
}

void Pipe::Deliver() {
  scheduled_ = false;
  if (failed_ || silent_) return;
  const TimeUs now_us = world_->now_us();
  if (now_us < stalled_until_us_) return Schedule();
  size_t size = std::min<uint64_t>(ChunkSize(), cut_at_ - delivered_);
  if (size == 0 && !in_flight_.empty()) {
    cut_at_ = UINT64_MAX;
    on_cut_();
    return Schedule();  // all may be healed meanwhile, and nothing is cut
  }
  size_t moved = 0;
  while (size > 0 && !in_flight_.empty() && in_flight_.front().due_us <= now_us) {
    Segment& segment = in_flight_.front();
    const size_t part = std::min(size, segment.bytes.size() - segment.delivered);
    if (!discarding_) arrived_.append(segment.bytes, segment.delivered, part);
    segment.delivered += part;
    if (segment.delivered == segment.bytes.size()) in_flight_.pop_front();
    in_flight_size_ -= part;
    size -= part;
    moved += part;
  }
  delivered_ += moved;
  world_->Digest(moved);
  end_arrived_ = closed_ && in_flight_.empty();
  last_us_ =
      now_us + (world_->healed() ? 0 : world_->random().Below(world_->scenario().gap_us_max + 1));
  if (discarding_) Take(0);
  Tell(reader_);
  Schedule();
}

}  // namespace rpc::simulation
