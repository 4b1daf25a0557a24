// The sending half of a connection: cuts messages into parts, takes turns between calls, keeps to
// the credit of each, and holds back what would make the output too large.
//
// Internal to rpc/session. A frame that can go now is encoded at once; one that can't waits in its
// call's queue. Calls take turns, each with as much as the peer takes in a body, so that a large
// message delays a small call by no more than what already stands in the output. What goes at a
// time is cut further where that lets both sides hash it faster.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "rpc/session/call.h"
#include "rpc/session/limits.h"
#include "rpc/session/work.h"
#include "rpc/wire/frame_encoder.h"

namespace rpc::session {

// What the peer takes. Until its HELLO has come, only what every peer takes.
struct PeerLimits {
  uint64_t message_size_max = wire::kNumberMax;
  uint64_t call_window = kCallWindowMin;
  uint32_t frame_body_size_max = kFrameBodySizeMin;  // what is more is no use
  uint32_t calls_max = UINT32_MAX;                   // the same
  uint32_t header_size_max = wire::kHeaderSizeMaxDefault;
  bool takes_parts = true;  // false while its HELLO is awaited: what does not fit whole waits
  bool exempt = false;      // sent no HELLO: bodies are never cut, and need no credit
};

class Sender {
 public:
  // The lines are those of a session that has nothing to do, until set_lines.
  Sender(wire::EncodeBuffers* buffers, uint64_t output_size_max, SendLines* lines);

  void set_lines(SendLines* lines) { lines_ = lines; }

  wire::FrameEncoder& encoder() { return encoder_; }
  const wire::FrameEncoder& encoder() const { return encoder_; }
  const PeerLimits& peer() const { return peer_; }
  PeerLimits& peer() { return peer_; }

  // Appends a frame of no message at once, whatever stands in line.
  void SendNow(wire::Header* header, std::string_view body = {});

  // Sends a frame of the call, or puts it in line. Returns whether all of it has been written.
  // Sets the header's call and form, and on a CALL its timeout.
  bool Send(Call* call, wire::Header* header, const Payload& message, TimeUs now_us);

  void AddCredit(Call* call, uint64_t credit);

  // Writes what may be written now.
  void Pump(TimeUs now_us);

  // Drops what `call` still has in line: before its record goes.
  void Forget(Call* call);

  // Calls whose END was written, and calls whose writer may go on, since these were last cleared.
  std::vector<Call*>& ended() { return lines_->ended; }
  std::vector<Call*>& writable() { return lines_->writable; }

  // Bytes that wait in queues.
  uint64_t queued_size() const { return lines_->queued_size; }
  bool output_full() const { return encoder_.size() >= output_size_max_; }

  // Whether its books are in order; `calls` are all calls there are.
  bool Valid(const std::vector<const Call*>& calls) const;

  // Told of every header that is written, for logs.
  using Observer = std::function<void(const wire::Header&)>;
  void set_observer(Observer observer) {
    observer_ = observer ? std::make_unique<Observer>(std::move(observer)) : nullptr;
  }

 private:
  bool CanGo(const Call& call) const;
  bool CanGoAtOnce(const Call& call, const wire::Header& header, size_t size) const;
  void Write(Call* call, wire::Header* header, std::string_view body,
             const std::shared_ptr<const void>& owner, TimeUs now_us);
  void Schedule(Call* call);
  void SendTurn(Call* call, TimeUs now_us);
  size_t TurnSize(const Call& call) const;
  bool CutsForLanes(const Call& call, size_t size) const;
  void WriteParts(Call* call, Outgoing* frame, size_t size, TimeUs now_us);
  void WritePart(Call* call, Outgoing* frame, size_t size, TimeUs now_us);
  void Note(const wire::Header& header);

  wire::FrameEncoder encoder_;
  PeerLimits peer_;
  uint64_t output_size_max_;
  SendLines* lines_;
  std::unique_ptr<Observer> observer_;
};

static_assert(sizeof(Sender) <= 88, "an idle connection is to cost little memory");

}  // namespace rpc::session
