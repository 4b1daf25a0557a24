#include "tests/simulation/endpoint.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rpc::simulation {
namespace {

using session::Ending;
using session::Event;

// After its end a connection drops what still comes for so long, as rpc/PROTOCOL.md says.
constexpr TimeUs kLingerUs = kSecondUs;
// And for so long it tries to write what is left.
constexpr TimeUs kLastOutputUs = 10 * kSecondUs;

// Invariants cost more than a turn does: all turns of a young connection, then one in so many.
constexpr uint64_t kYoungTurns = 30;
constexpr uint64_t kTurnsPerCheck = 8;

}  // namespace

Endpoint::Endpoint(World* world, const Clock* clock, Link* link, Pipe* in, Pipe* out)
    : world_(world), clock_(clock), link_(link), in_(in), out_(out) {
  in_->set_reader([this] { Turn(); });
  out_->set_writer([this] { Turn(); });
}

void Endpoint::Begin(std::unique_ptr<session::Session> session) {
  session_ = std::move(session);
  Wake();
}

bool Endpoint::BeginAct() {
  if (!open()) return false;
  session_->Advance(now_us());
  Wake();
  return true;
}

void Endpoint::Wake() {
  if (std::exchange(turn_due_, true)) return;
  const TimeUs delay_us = world_->random().Percent(80) ? 0 : world_->random().Below(100);
  world_->After(delay_us, [this] {
    turn_due_ = false;
    Turn();
  });
}

void Endpoint::Turn() {
  if (!open()) return;
  session_->Advance(now_us());
  TellEvents();
  Read();
  Write();
  TellEvents();
  // What stopped the reading may have gone.
  if (!in_->arrived().empty() && session_->WantsInput()) Wake();
  CheckSession();
  Finish();
  KeepTime();
}

void Endpoint::Read() {
  if (world_->now_us() < paused_until_us_) return;
  while (!in_->arrived().empty() && session_->WantsInput()) {
    ReadChunk(in_->arrived());
    if (world_->random().Percent(10)) {  // the loop turns to others first
      if (!in_->arrived().empty()) Wake();
      break;
    }
  }
  if (input_over_ || (!in_->failed() && !in_->ended())) return;
  input_over_ = true;
  session_->InputEnded(in_->failed() ? absl::UnavailableError("connection reset by the peer")
                                     : absl::OkStatus());
  TellEvents();
}

void Endpoint::ReadChunk(std::string_view bytes) {
  const std::span<char> space = session_->Space();
  const size_t size = std::min(bytes.size(), space.size());
  std::memcpy(space.data(), bytes.data(), size);
  in_->Take(size);
  session_->Commit(size);
  TellEvents();
  // The space is shared: a view that outlived its time is seen to have changed.
  std::memset(space.data(), 0x5a, size);
}

void Endpoint::TellEvents() {
  for (Event event; session_->Next(&event);) OnEvent(event);
}

void Endpoint::Write() {
  while (!output_closed_) {
    const std::span<const wire::Piece> pieces = session_->Pieces();
    if (pieces.empty()) return;
    size_t written = 0;
    bool all = true;
    for (const wire::Piece& piece : pieces) {
      const size_t size = out_->Write(piece.bytes);
      written += size;
      if (size < piece.bytes.size()) {
        all = false;
        break;
      }
    }
    session_->Consume(written);
    TellEvents();
    if (!all) return;
  }
}

void Endpoint::PauseReading(TimeUs duration_us) {
  if (!open()) return;
  paused_until_us_ = world_->now_us() + duration_us;
  world_->After(duration_us, [this] { Turn(); });
}

// Ends the connection as the session wants, once it does.
void Endpoint::Finish() {
  const Ending ending = session_->ending();
  if (ending == Ending::kNo) return;
  if (finish_by_us_ == 0) finish_by_us_ = world_->now_us() + kLastOutputUs;
  const bool written = session_->Pieces().empty();
  if (!output_closed_ && (ending == Ending::kNow || written || out_->failed())) {
    output_closed_ = true;
    out_->CloseWriting();
    in_->Discard();
    finish_by_us_ = world_->now_us() + kLingerUs;
  }
  const bool gone = in_->ended() || in_->failed();
  const bool late = world_->now_us() >= finish_by_us_;
  if (ending != Ending::kNow && !late && !(output_closed_ && gone)) {
    world_->After(finish_by_us_ - world_->now_us(), [this] { Turn(); });
    return;
  }
  CloseTransport();
}

// The session stays while messages that it has wait for the application.
void Endpoint::CloseTransport() {
  if (!output_closed_) {
    output_closed_ = true;
    out_->CloseWriting();
    in_->Discard();
  }
  if (session_->open_calls() > 0) return;
  if (!idle()) world_->Complain(absl::StrCat(link_->name(), " is closed, but holds memory"));
  session_ = nullptr;
  OnClosed();
}

void Endpoint::Kill() {
  session_ = nullptr;
  output_closed_ = true;
}

void Endpoint::KeepTime() {
  if (!open()) return;
  const TimeUs next_us = session_->NextTimeUs();
  if (next_us == session::kNever) return;
  // Never at once again: time has to go on.
  const TimeUs at_us = world_->now_us() + std::max<TimeUs>(1, clock_->Until(next_us));
  if (at_us >= timer_us_ && timer_us_ > world_->now_us()) return;
  timer_us_ = at_us;
  world_->After(at_us - world_->now_us(), [this, at_us] {
    if (timer_us_ != at_us) return;
    timer_us_ = session::kNever;
    Turn();
  });
}

void Endpoint::CheckSession() {
  if (++turns_ < kYoungTurns || turns_ % kTurnsPerCheck == 0) session_->CheckInvariants();
  CheckTurn();
}

bool Endpoint::idle() const {
  return !open() || (session_->open_calls() == 0 && session_->memory_size() == 0);
}

}  // namespace rpc::simulation
