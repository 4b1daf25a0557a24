// The client's side of one connection: opens calls, and tells how each of them ends.
//
//     ClientSession session(&buffers, limits, now_us);
//     auto call = session.Open({.name = "echo.Echo/Say", .single_reply = true}, {request});
//     ... bytes in, bytes out (session.h) ...
//     while (session.Next(&event)) if (event.kind == EventKind::kEnd) Use(event.status,
//     event.body);
//
// A call that Open returned ends exactly once: with a kEnd event, or by Cancel, which tells
// nothing.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "rpc/session/session.h"

namespace rpc::session {

struct Opening {
  std::string_view name = {};  // package.Service/Method
  std::span<const wire::Metadatum> metadata = {};
  TimeUs deadline_us = kNever;
  void* tag = nullptr;
  bool single_reply = false;  // the method has one reply: it comes with kEnd
  bool last = true;           // no message follows the first
};

class ClientSession final : public Session {
 public:
  // Without `hello` it behaves as the smallest client does: no credit, no parts, no PING.
  ClientSession(Buffers* buffers, const Limits& limits, TimeUs now_us, bool hello = true);

  // Opens a call, with its first message if there is one. Fails, and then there was no call, when
  // the connection takes no more (UNAVAILABLE), too many are open or something is larger than the
  // server takes (RESOURCE_EXHAUSTED), the deadline has passed (DEADLINE_EXCEEDED), or the name or
  // metadata can't be sent (INVALID_ARGUMENT).
  absl::StatusOr<uint64_t> Open(const Opening& opening);
  absl::StatusOr<uint64_t> Open(const Opening& opening, const Payload& message);

  // One more message; `last` if no other follows. REQUIRES: the call was not opened or written
  // last.
  Sent Write(uint64_t call, const Payload& message, bool last = false);

  // No more messages.
  Sent CloseWriting(uint64_t call);

  // The application gives the call up. Its server is told; nothing more is heard of it.
  void Cancel(uint64_t call);

  // Ends every call with CANCELLED, and the connection once the output is written.
  void Shutdown();

  // Whether a call can be opened at all: false once the connection drains or ends.
  bool accepts_calls() const { return !draining_ && !over(); }
  // How many calls may be open at once, as far as is known yet.
  uint64_t calls_max() const {
    return sender().peer().takes_parts ? sender().peer().calls_max : kCallsMaxDefault;
  }

 private:
  void OnFirstFrame(const wire::Frame& frame) override;
  void OnFrame(const wire::Frame& frame) override;
  bool RefuseByHeader(const wire::Frame& frame) override;
  void OnDeadline(Call* call) override;
  void OnEndWritten(Call*) override {}
  void OnRead(Call* call) override { TellDeferredEnd(call); }
  void OnKept(Call* call) override;
  void OnIdle() override;
  void EndEveryCall(const absl::Status& why) override;
  uint64_t HighestSeen() const override { return highest_; }
  uint64_t GoawayCall() const override { return 0; }
  bool PeerAnswersPings() const override { return hello_; }
  bool FirstFrameIsDue() const override { return hello_; }
  bool AlwaysReads() const override { return true; }
  bool TakesFormOfPeer() const override { return false; }
  bool HoldsForPeer() const override { return false; }

  absl::Status CheckOpening(const Opening& opening) const;
  absl::Status CheckRecordSize(const wire::Header& header, size_t body_size) const;
  absl::StatusOr<uint64_t> SendOpening(const Opening& opening, const Payload& message,
                                       uint32_t flags);
  bool SendMessage(Call* call, const Payload& message, bool last);
  void OnHello(const wire::Frame& frame);
  void OnGoaway(const wire::Header& header);
  void EndUnseen(const absl::Status& why);
  void OnReply(const wire::Frame& frame);
  bool OnMessage(Call* call, const wire::Frame& frame);

  // The ways in which a call ends, besides Cancel.
  void EndByServer(Call* call, const wire::Header& header, bool first_frame);
  // The server is told by CANCEL, unless its END is there.
  void EndHere(Call* call, absl::Status status, bool end_came = false);
  void EndLost(Call* call, const absl::Status& why, bool unseen);  // the connection is gone
  void TellDeferredEnd(Call* call);
  void SendCancel(const Call& call);

  bool hello_;
  bool draining_ = false;
  uint64_t highest_ = 0;               // id of the last call opened
  uint64_t goaway_call_ = kGoawayAll;  // calls above it were never seen
};

static_assert(sizeof(ClientSession) <= 312, "an idle connection is to cost little memory");

}  // namespace rpc::session
