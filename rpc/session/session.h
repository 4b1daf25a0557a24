// What client and server sessions have in common: one connection's state, with no IO in it.
//
//     session.Advance(now_us);                        // before anything else, in each turn
//     read into session.Space(); session.Commit(n);   // while session.WantsInput()
//     while (session.Next(&event)) ...                // calls of its methods are allowed here
//     write session.Pieces(); session.Consume(n);
//     sleep until input, output or session.NextTimeUs()
//     session.ending() says when to close
//
// Bytes, time and the application's calls go in; bytes and events come out. Every call ends exactly
// once. A peer that breaks the protocol ends the connection, never the program.
//
// Threads: a session, and the Buffers it shares with others, belong to one thread.
// Lifetime: the buffers outlive their sessions; the events of one session are read (Next returned
// false) before another session of the same buffers takes input.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "rpc/session/call.h"
#include "rpc/session/deadlines.h"
#include "rpc/session/event.h"
#include "rpc/session/limits.h"
#include "rpc/session/sender.h"
#include "rpc/wire/compression.h"
#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/frame_encoder.h"

namespace rpc::session {

// What the sessions of one loop share, so that an idle connection holds next to nothing.
struct Buffers {
  wire::DecodeBuffers decode;
  wire::EncodeBuffers encode;
  wire::Expander expander;
  std::vector<std::unique_ptr<Call>> spare_calls;
};

// What Write and the like answer.
enum class Sent : uint8_t {
  kGoOn,  // taken; more may follow
  kWait,  // taken; the next one should wait for kWritable
  kGone,  // not taken: there is no such call, or it has ended
};

enum class ReadResult : uint8_t { kMessage, kNothingYet, kEndOfStream, kGone };

// How the transport is to end the connection.
enum class Ending : uint8_t {
  kNo,
  kAfterOutput,  // write what is left, half-close, read and drop for up to a second, close
  kNow,
};

// What a session has done and seen.
struct Counters {
  uint64_t frames_received = 0;
  uint64_t calls_opened = 0;
  uint64_t calls_ended = 0;
  uint64_t calls_refused = 0;
  uint64_t bodies_corrupted = 0;
  uint64_t frames_ignored = 0;  // for calls that are closed
  uint64_t pings_merged = 0;
};

class Session {
 public:
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Time has come to be now_us. REQUIRES: not less than before.
  void Advance(TimeUs now_us);

  // When Advance has something to do at the latest; kNever if nothing.
  TimeUs NextTimeUs() const;

  // False while the peer is to be kept waiting: what it sent before is not dealt with yet.
  bool WantsInput() const;
  std::span<char> Space() { return decoder_.Space(); }
  void Commit(size_t size);

  // The input has ended, or the transport has failed as `why` says: so has every call.
  void InputEnded(const absl::Status& why = absl::OkStatus());

  // Takes the next event; false when there is none for now.
  bool Next(Event* event);

  // What is to be written, and that the first `size` bytes of it have been. Both can bring events.
  std::span<const wire::Piece> Pieces();
  void Consume(size_t size);

  Ending ending() const { return ending_; }

  // Gives the oldest message that waits on this call; a view until the next call of Next or Read.
  ReadResult Read(uint64_t call, std::string_view* message);

  // Hangs the application's own pointer on a call; events carry it.
  void SetTag(uint64_t call, void* tag);

  size_t open_calls() const { return calls_.size(); }
  uint64_t memory_size() const { return memory_size_ + sender_.queued_size(); }
  const Counters& counters() const { return counters_; }
  wire::WireFault fault() const { return decoder_.fault(); }

  // Told of each frame in words, for logs and tests: `->` sent, `<-` received.
  void set_trace(std::function<void(const std::string&)> trace);

  // Asserts what must always hold; cheap enough for tests to call it after each step.
  virtual void CheckInvariants() const;

 protected:
  Session(Buffers* buffers, const Limits& limits, TimeUs now_us);

  // The first frame of all, before it is dealt with: says what the peer can do.
  virtual void OnFirstFrame(const wire::Frame& frame) = 0;
  // A whole frame, or (dropped) one whose body will not come.
  virtual void OnFrame(const wire::Frame& frame) = 0;
  // Whether a frame whose body has not all come can be refused by its header.
  virtual bool RefuseByHeader(const wire::Frame& frame) = 0;
  virtual void OnDeadline(Call* call) = 0;
  virtual void OnEndWritten(Call* call) = 0;
  // The application has read a message; one that it did not read at once has been kept.
  virtual void OnRead(Call*) {}
  virtual void OnKept(Call* call) = 0;
  virtual void OnTime() {}
  virtual void OnPong() {}
  // The connection is gone: every call ends.
  virtual void EndEveryCall(const absl::Status& why) = 0;
  virtual uint64_t HighestSeen() const = 0;
  // What a GOAWAY for a breach of the protocol names.
  virtual uint64_t GoawayCall() const = 0;
  // When OnTime has something to do at the latest.
  virtual TimeUs OwnTimeUs() const { return kNever; }
  virtual bool PeerAnswersPings() const = 0;
  // Whether the peer's first frame has to come soon, whatever is asked of it.
  virtual bool FirstFrameIsDue() const = 0;
  // Whether the input is read even while the output is full, as one of the two sides must.
  virtual bool AlwaysReads() const = 0;
  // Whether the frames of no call take the form of the peer's first frame.
  virtual bool TakesFormOfPeer() const = 0;
  // Whether messages that wait to be sent are held because of the peer, and not by the
  // application's own choice.
  virtual bool HoldsForPeer() const = 0;

  Call* Find(uint64_t id);
  std::vector<Call*> CallsById() const;
  Call* NewCall(uint64_t id);
  // Takes the call out of every list; its memory stays until the next Next().
  void Retire(Call* call);
  void Push(Event event) { events_.push(std::move(event)); }
  // The application is done with the call: what it has not been told yet, it will not be told.
  void DropEvents(uint64_t id);
  Event EventOf(EventKind kind, const Call& call) const;

  // The peer broke the protocol: tell it why, and end everything.
  void Fail(const absl::Status& why);
  // Ends everything; nothing more is read.
  void Close(const absl::Status& why, Ending ending);

  void SendHello();
  // `md5_waived`: our own HELLO, which the peer has read, takes bodies without md5.
  absl::Status ReadHello(const wire::Frame& frame, bool md5_waived);
  void SendPing();
  void SendCredit(Call* call);
  // Deals with the message, or the part of one, that a frame carries. OK, or what the call ends
  // with. A message that is whole is then the current one. May Fail: see over().
  absl::Status Receive(Call* call, const wire::Frame& frame);
  // False, and it has failed, when a body of `size` bytes is beyond the call's credit.
  bool CheckCredit(const Call& call, uint64_t size);
  static absl::Status CheckHelloSize(const wire::Frame& frame);
  // Whether a message of ours is within what the peer takes.
  absl::Status CheckMessageSize(size_t size) const;
  // The message that was just completed, and that nobody has read yet.
  bool HasCurrent(const Call* call) const { return current_call_ == call; }
  std::string_view current_message() const { return current_message_; }
  void DropCurrent() { current_call_ = nullptr; }
  // Moves it to its call's inbox, before the frame goes that it is a view of.
  void KeepCurrent();
  absl::Status Account(Call* call);
  // When the header of the frame at hand was read; its body may have come later.
  TimeUs header_us() const { return header_us_; }
  bool over() const { return ending_ != Ending::kNo; }

  TimeUs now_us() const { return now_us_; }
  const Limits& limits() const { return limits_; }
  Sender& sender() { return sender_; }
  const Sender& sender() const { return sender_; }
  Deadlines<Call>& deadlines() { return deadlines_; }
  Counters& counters_mutable() { return counters_; }
  wire::Form form() const { return form_; }
  bool first_frame() const { return counters_.frames_received == 1; }
  bool header_seen() const { return header_seen_; }
  uint64_t held_size() const { return memory_size_ + (HoldsForPeer() ? sender_.queued_size() : 0); }
  // PINGs that no PONG has come for; a peer may answer several at once.
  uint64_t pings_unanswered() const { return pings_unanswered_; }
  bool ping_outstanding() const { return ping_sent_us_ != kNever; }

 private:
  void HandleFrame(const wire::Frame& frame);
  void HandleCredit(const wire::Frame& frame);
  void HandlePing();
  void SendPong();
  void TakeTurns();
  void RecycleRetired();
  void CheckKeepalive();
  void CheckOutputMoves();
  TimeUs KeepaliveTimeUs() const;

  Buffers* buffers_;
  Limits limits_;
  wire::FrameDecoder decoder_;
  Sender sender_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Call>> calls_;
  Deadlines<Call> deadlines_;
  Fifo<Event> events_;
  std::vector<std::unique_ptr<Call>> retired_;
  Call* current_call_ = nullptr;  // whose message, just completed, nobody has read yet
  std::string_view current_message_;
  wire::Form form_ = wire::Form::kBinary;  // of the frames that belong to no call
  Ending ending_ = Ending::kNo;
  TimeUs now_us_;
  TimeUs start_us_;
  TimeUs input_us_;  // when bytes last came, or reading was paused
  TimeUs header_us_ = 0;
  bool header_announced_ = false;  // of a frame whose body is still to come
  TimeUs output_us_;               // when bytes last went, or there were none to go
  TimeUs ping_sent_us_ = kNever;
  TimeUs last_ping_us_ = 0;
  uint64_t pings_unanswered_ = 0;
  TimeUs last_pong_us_ = 0;
  bool pong_due_ = false;
  bool header_seen_ = false;  // of the first frame
  uint64_t memory_size_ = 0;  // of all inboxes
  size_t full_inboxes_ = 0;
  Counters counters_;
  std::function<void(const std::string&)> trace_;
};

}  // namespace rpc::session
