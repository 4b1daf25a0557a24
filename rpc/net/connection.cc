#include "rpc/net/connection.h"

#include <algorithm>
#include <utility>

namespace rpc::net {
namespace {

// For the peer to read our last words: closing with its bytes unread would reset the connection.
constexpr TimeUs kLingerUs = session::kSecondUs;

// For what an ended session has left to be written, as long as none of it goes.
constexpr TimeUs kLastOutputUs = 10 * session::kSecondUs;

// Full outputs that one connection may write in one turn: a peer that reads as fast as we write
// does not keep the others waiting.
constexpr int kWritesPerTurnMax = 4;

// Events of one read after which what they have brought is written: the peer works on that while
// this side goes on with the rest.
constexpr int kEventsPerWrite = 64;

// What comes after the session has ended is read into this and forgotten.
thread_local char dropped_input[16 << 10];

}  // namespace

Connection::Connection(Loop* loop, std::unique_ptr<Transport> transport, session::Session* session,
                       Owner* owner)
    : loop_(loop), transport_(std::move(transport)), session_(session), owner_(owner) {}

void Connection::Start() {
  transport_->Start(this);
  Touch();
}

void Connection::Touch() {
  // Mostly time stands still within a turn, and the session is in the present already.
  const TimeUs now_us = loop_->now_us();
  if (session_->now_us() != now_us) session_->Advance(now_us);
  if (!in_list()) loop_->FlushLater(this);
}

std::span<char> Connection::Space() {
  return session_->ending() == session::Ending::kNo ? session_->Space() : dropped_input;
}

void Connection::OnInput(size_t size) {
  if (session_->ending() != session::Ending::kNo) return;
  Touch();
  session_->Commit(size);
  TellEvents();
  const bool wanted = session_->WantsInput();
  if (wanted != reading_) transport_->SetReading(reading_ = wanted);
}

void Connection::OnInputEnd(const absl::Status& why) {
  Touch();
  input_ended_ = true;
  if (session_->ending() == session::Ending::kNo) session_->InputEnded(why);
}

void Connection::TellEvents() {
  session::Event event;
  for (int told = 1; session_->Next(&event); ++told) {
    owner_->OnEvent(event);
    if (told % kEventsPerWrite == 0) WriteSome();
  }
}

void Connection::WriteSome() {
  const bool open = transport_ != nullptr && session_->ending() == session::Ending::kNo;
  if (!open || writing_closed_) return;
  const std::span<const wire::Piece> pieces = session_->Pieces();
  if (!pieces.empty()) session_->Consume(transport_->Write(pieces));
}

void Connection::Flush() {
  TellEvents();
  if (transport_ != nullptr) {
    WriteOutput();
    Settle();
  }
  owner_->OnFlushed();
  if (transport_ == nullptr) owner_->OnOver();
}

// What follows from the state that the session is in now.
void Connection::Settle() {
  const bool ends = session_->ending() != session::Ending::kNo;
  if (ends && linger_us_ == kNever) linger_us_ = loop_->now_us() + kLastOutputUs;
  if (IsOver()) {
    transport_ = nullptr;
    loop_->ClearTimer(this);
    return;
  }
  const bool wanted = ends || session_->WantsInput();
  if (wanted != reading_) transport_->SetReading(reading_ = wanted);
  SetAlarm();
}

void Connection::WriteOutput() {
  if (session_->ending() == session::Ending::kNow || writing_closed_) return;
  for (int i = 0; i < kWritesPerTurnMax; ++i) {
    const std::span<const wire::Piece> pieces = session_->Pieces();
    const size_t size = SizeOf(pieces);
    const size_t written = size == 0 ? 0 : transport_->Write(pieces);
    if (size > 0) session_->Consume(written);
    if (absl::Status s = transport_->failure(); !s.ok()) session_->OutputFailed(s);
    TellEvents();
    if (session_->ending() == session::Ending::kNow) return;
    // Who reads slowly may read to the end.
    if (written > 0 && linger_us_ != kNever) linger_us_ = loop_->now_us() + kLastOutputUs;
    const bool written_all = size == 0 && transport_->flushed();
    if (written_all && session_->ending() == session::Ending::kAfterOutput) {
      transport_->CloseWriting();
      writing_closed_ = true;
      linger_us_ = loop_->now_us() + kLingerUs;
    }
    if (written < size || size == 0) return;
  }
  loop_->FlushLater(this);
}

bool Connection::IsOver() const {
  switch (session_->ending()) {
    case session::Ending::kNo:
      return false;
    case session::Ending::kNow:
      return true;
    case session::Ending::kAfterOutput:
      return (writing_closed_ && input_ended_) || loop_->now_us() >= linger_us_;
  }
  return true;
}

void Connection::SetAlarm() {
  const TimeUs next_us = std::min(linger_us_, session_->NextTimeUs());
  // One that goes off too early costs less than moving it each turn.
  if (deadline_place == session::kNoPlace || next_us < deadline_us) loop_->SetTimer(this, next_us);
}

}  // namespace rpc::net
