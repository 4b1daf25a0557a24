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

#include "absl/status/status.h"
#include "rpc/session/call.h"
#include "rpc/session/deadlines.h"
#include "rpc/session/event.h"
#include "rpc/session/limits.h"
#include "rpc/session/sender.h"
#include "rpc/session/work.h"
#include "rpc/wire/compression.h"
#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/frame_encoder.h"

namespace rpc::session {

// Limits, raised to what every receiver has to take, and what follows from them for the bytes.
struct SharedLimits : Limits {
  explicit SharedLimits(const Limits& limits);

  wire::DecoderLimits decoder;

  friend bool operator==(const SharedLimits& a, const SharedLimits& b) {
    return static_cast<const Limits&>(a) == b;
  }
};

// What the sessions of one loop share, so that an idle connection holds next to nothing.
struct Buffers {
  wire::DecodeBuffers decode;
  wire::EncodeBuffers encode;
  wire::Expander expander;
  WorkPool work;
  std::vector<std::unique_ptr<Call>> spare_calls;

  // A copy that all sessions with such limits share.
  std::shared_ptr<const SharedLimits> Share(const Limits& limits);

 private:
  std::vector<std::shared_ptr<const SharedLimits>> limits_;
};

// What Write and the like answer.
enum class Sent : uint8_t {
  kGoOn,  // taken; more may follow
  kWait,  // taken; the next one should wait for kWritable
  kGone,  // not taken: the call is over, which an event tells in this turn, or has told
  kLate,  // not taken: the server has ended the call, and its end is told after its messages
};

enum class ReadResult : uint8_t { kMessage, kNothingYet, kEndOfStream, kGone };

// How the transport is to end the connection.
enum class Ending : uint8_t {
  kNo,
  kAfterOutput,  // write what is left, half-close, read and drop for up to a second, close
  kNow,
};

// Why a connection has ended, for counters.
enum class CloseCause : uint8_t {
  kNone,        // it has not
  kPeer,        // the peer has ended it: its input ended, or it said so
  kTransport,   // the transport failed
  kNotFrames,   // what the peer speaks is another protocol
  kBadFrame,    // a frame that could not be read
  kBrokenRule,  // frames that could be read, but may not come like this
  kSilent,      // no first header in time, or not all of a HELLO
  kDead,        // no answer to a PING, or it takes no byte
  kDrained,
  kIdle,
  kAged,
  kRejected,
  kShutdown,  // by the application
};

// What a session has done and seen. Each begins again at 0 after 2^32 - 1: it is differences of
// them that are of use.
struct Counters {
  uint32_t frames_received = 0;
  uint32_t calls_opened = 0;
  uint32_t calls_ended = 0;
  uint32_t calls_refused = 0;
  uint32_t bodies_corrupted = 0;
  uint32_t frames_ignored = 0;  // for calls that are closed
  uint32_t pings_merged = 0;
};

class Session {
 public:
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Time has come to be now_us. REQUIRES: not less than before.
  void Advance(TimeUs now_us);

  TimeUs now_us() const { return now_us_; }

  // When Advance has something to do at the latest; kNever if nothing.
  TimeUs NextTimeUs() const;

  // False while the peer is to be kept waiting: what it sent before is not dealt with yet.
  bool WantsInput() const;
  std::span<char> Space() { return decoder_.Space(); }
  void Commit(size_t size);

  // The input has ended, or the transport has failed as `why` says: so has every call.
  void InputEnded(const absl::Status& why = absl::OkStatus());

  // What is written goes nowhere any more, as `why` says. A client still reads what has come, which
  // may be the END of its calls; a server works for nobody: its connection ends.
  void OutputFailed(const absl::Status& why) {
    if (!AlwaysReads()) InputEnded(why);
  }

  // Takes the next event; false when there is none for now.
  bool Next(Event* event);

  // What is to be written, and that the first `size` bytes of it have been. Both can bring events.
  std::span<const wire::Piece> Pieces();
  void Consume(size_t size);

  Ending ending() const { return ending_; }
  CloseCause close_cause() const { return close_cause_; }

  // Ends everything at once, by the application's own wish; what is still to be written is not.
  void Abandon(const absl::Status& why);

  // Gives the oldest message that waits on this call; a view until the next call of Next or Read.
  ReadResult Read(uint64_t call, std::string_view* message);

  // Hangs the application's own pointer on a call; events carry it.
  void SetTag(uint64_t call, void* tag);

  size_t open_calls() const { return work_->calls.size(); }
  uint64_t memory_size() const { return work_->memory_size + sender_.queued_size(); }
  const Counters& counters() const { return counters_; }
  wire::WireFault fault() const { return decoder_.fault(); }

  // Told of each frame in words, for logs and tests: `->` sent, `<-` received.
  using Trace = std::function<void(const std::string&)>;
  void set_trace(Trace trace);

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
  // No call has been open for the idle timeout.
  virtual void OnIdle() = 0;
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

  // Null when there is none.
  Call* Find(uint64_t id) { return work_->calls.Find(id); }
  std::vector<Call*> CallsById() const;
  // No call with a higher id is open. FindOpenMax looks which is the highest, and so lowers it.
  uint64_t open_max() const { return work_->open_max; }
  uint64_t FindOpenMax();
  Call* NewCall(uint64_t id);
  // Takes the call out of every list; its memory stays until the next Next().
  void Retire(Call* call);
  void Push(Event event) {
    StartWork();
    work_->events.push(std::move(event));
  }
  // The application is done with the call: what it has not been told yet, it will not be told.
  void DropEvents(uint64_t id);
  Event EventOf(EventKind kind, const Call& call) const;

  // Tells the peer why, and ends everything: it broke the protocol, if nothing else is said.
  void Fail(const absl::Status& why, CloseCause cause = CloseCause::kBrokenRule);
  // Ends everything; nothing more is read.
  void Close(const absl::Status& why, Ending ending, CloseCause cause);
  // The connection will end when its calls have; what the peer does about it is part of that.
  void set_drain_cause(CloseCause cause) { drain_cause_ = cause; }
  CloseCause drain_cause() const { return drain_cause_; }

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
  absl::Status CheckMessageSize(size_t size, std::string_view peer) const;
  // The message that was just completed, and that nobody has read yet.
  bool HasCurrent(const Call* call) const { return work_->current_call == call; }
  std::string_view current_message() const { return work_->current_message; }
  void DropCurrent() { work_->current_call = nullptr; }
  // Moves it to its call's inbox, before the frame goes that it is a view of.
  void KeepCurrent();
  absl::Status Account(Call* call);
  // When the header of the frame at hand was read; its body may have come later.
  TimeUs header_us() const { return header_us_; }
  bool over() const { return ending_ != Ending::kNo; }

  const Limits& limits() const { return *limits_; }
  Sender& sender() { return sender_; }
  const Sender& sender() const { return sender_; }
  Deadlines<Call>& deadlines() { return work_->deadlines; }
  Counters& counters_mutable() { return counters_; }
  wire::Form form() const { return form_; }
  void set_form(wire::Form form) { form_ = form; }
  bool frame_seen() const { return frame_seen_; }
  bool first_frame() const { return first_frame_; }
  uint64_t held_size() const {
    return work_->memory_size + (HoldsForPeer() ? sender_.queued_size() : 0);
  }
  // PINGs that no PONG has come for; a peer may answer several at once.
  uint64_t pings_unanswered() const { return pings_unanswered_; }

 private:
  class OpenParts;

  void HandleFrame(const wire::Frame& frame);
  void HandleCredit(const wire::Frame& frame);
  void HandlePing();
  void SendPong();
  void HandleHeader(const wire::Frame& frame);
  void OnWireFault();
  void TakeTurns() {
    if (!work_->lines.nobody_waits()) WriteTurns();
  }
  void WriteTurns();
  void RecycleRetired();
  void StartWork();
  void StopWork();
  void CheckIdle();
  void CheckSilence();
  std::string WhatIsSilent() const;
  TimeUs IdleTimeUs() const;
  TimeUs PingTimeUs() const;
  TimeUs HeaderTimeUs() const;
  TimeUs AnswerTimeUs() const;
  TimeUs FrameTimeUs() const;
  TimeUs OutputTimeUs() const;
  TimeUs SilenceTimeUs() const;
  TimeUs LookTimeUs() const;

  Buffers* buffers_;
  std::shared_ptr<const SharedLimits> limits_;
  wire::FrameDecoder decoder_;
  Sender sender_;
  Work* work_;  // its own, or while it is idle, the one that is always empty
  TimeUs now_us_;
  TimeUs input_us_;       // when bytes last came, or reading was paused
  TimeUs output_us_;      // when bytes last went, or there were none to go
  TimeUs header_us_;      // when the header of the frame at hand had come; of the first, the start
  TimeUs idle_us_;        // since when no call has been open, if none is
  TimeUs looked_us_ = 0;  // when a silence was first seen to have lasted too long
  TimeUs last_ping_us_ = 0;
  TimeUs last_pong_us_ = 0;
  std::unique_ptr<Trace> trace_;
  Counters counters_;
  uint32_t pings_unanswered_ = 0;
  wire::Form form_ = wire::Form::kBinary;  // of the frames that belong to no call
  Ending ending_ = Ending::kNo;
  CloseCause close_cause_ = CloseCause::kNone;
  CloseCause drain_cause_ = CloseCause::kNone;
  bool frame_seen_ = false;        // the first one has come
  bool first_frame_ = false;       // it is the one at hand
  bool header_seen_ = false;       // of the first frame; all of it, if that is a HELLO
  bool header_announced_ = false;  // of a frame whose body is still to come
  bool ping_outstanding_ = false;
  bool pong_due_ = false;
};

static_assert(sizeof(Session) <= 296, "an idle connection is to cost little memory");

}  // namespace rpc::session
