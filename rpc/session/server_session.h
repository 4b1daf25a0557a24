// The server's side of one connection: takes calls, hands them to handlers, and ends each once.
//
//     ServerSession session(&buffers, limits, find_method, now_us);
//     ... bytes in, bytes out (session.h) ...
//     while (session.Next(&event)) {
//       if (event.kind == EventKind::kCall) session.End(event.call, absl::OkStatus(), {reply});
//     }
//
// Every kCall is answered by the application with exactly one End, also after kCancelled: only then
// is the call's place free for another. What is done to a call that is over has no effect.
#pragma once

#include <algorithm>
#include <functional>
#include <span>

#include "rpc/session/session.h"

namespace rpc::session {

// What a session needs to know of a method.
struct Method {
  bool single_request = false;  // the call begins when its one message is whole
  bool single_reply = false;    // it is End that carries the reply
};

class ServerSession final : public Session {
 public:
  // Gives the method of a `package.Service/Method`, or null when there is none. It is the tag of
  // the kCall, and has to outlive the call.
  using FindMethod = std::function<const Method*(std::string_view name)>;

  ServerSession(Buffers* buffers, const Limits& limits, FindMethod find_method, TimeUs now_us);

  // Leading metadata: before the first message. What the client's limit on headers does not allow
  // ends the call RESOURCE_EXHAUSTED. REQUIRES: CheckMetadata(metadata).ok()
  Sent SendMetadata(uint64_t call, std::span<const wire::Metadatum> metadata);

  // One message of a stream.
  Sent Write(uint64_t call, const Payload& message);

  // The handler has ended. With OK and `reply` that is the last message. Trailing metadata that
  // breaks the rules or does not fit is left out.
  void End(uint64_t call, const absl::Status& status, const Payload* reply = nullptr,
           std::span<const wire::Metadatum> trailing = {});

  // Instead of End, for a call that no handler has seen: its client may repeat it.
  // REQUIRES: !status.ok()
  void Refuse(uint64_t call, const absl::Status& status);

  // Takes no new calls, lets those that are open finish, then ends the connection.
  void Drain();

  // Ends every call that is open with `why`: when the time to drain is over.
  void CancelEveryCall(const absl::Status& why);

  bool draining() const { return drain_ != DrainStep::kNone; }

 private:
  // A client hears of a drain twice: first that one has begun, then, when its calls on the way have
  // arrived, which of them were seen.
  enum class DrainStep : uint8_t { kNone, kAnnounced, kFinal };

  void OnFirstFrame(const wire::Frame& frame) override;
  void OnFrame(const wire::Frame& frame) override;
  bool RefuseByHeader(const wire::Frame& frame) override;
  void OnDeadline(Call* call) override;
  void OnEndWritten(Call* call) override;
  void OnKept(Call* call) override;
  void OnTime() override;
  TimeUs OwnTimeUs() const override { return drain_us_; }
  void OnPong() override;
  void EndEveryCall(const absl::Status& why) override;
  uint64_t HighestSeen() const override { return highest_; }
  uint64_t GoawayCall() const override { return std::min(highest_, final_call_); }
  bool PeerAnswersPings() const override { return hello_; }
  bool FirstFrameIsDue() const override { return true; }
  bool AlwaysReads() const override { return false; }
  bool TakesFormOfPeer() const override { return true; }
  bool HoldsForPeer() const override { return true; }

  void OnGoaway(const wire::Header& header);
  void OnCall(const wire::Frame& frame);
  bool CheckId(uint64_t id);
  bool CheckOpeningCredit(const wire::Header& header);
  absl::Status Refusal(const wire::Frame& frame, const Method** method);
  void OnMessage(const wire::Frame& frame);
  void TakeMessage(Call* call, const wire::Frame& frame);
  void Begin(Call* call, const wire::Header& header);
  void OnLast(Call* call);
  Call* FindSeen(const wire::Header& header);

  // The ways in which a call ends.
  void RefuseUnrecorded(const wire::Header& header, const absl::Status& status);
  void EndWith(uint64_t id, const absl::Status& status, const Payload* reply,
               std::span<const wire::Metadatum> trailing, uint32_t flags);
  void Abort(Call* call, const absl::Status& status);  // not by its handler
  void Finish(Call* call);                             // END is out, and the handler has ended
  void SendFinalFrame(Call* call, wire::Header* header, const absl::Status& status,
                      const Payload& reply);
  void SendEnd(uint64_t id, wire::Form form, const absl::Status& status, bool unseen);

  void Announce();
  void SendGoaway(uint64_t call);
  void FinishDrain();
  void CloseWhenDrained();

  FindMethod find_method_;
  bool hello_ = false;
  uint64_t highest_ = 0;
  DrainStep drain_ = DrainStep::kNone;
  uint64_t final_call_ = kGoawayAll;  // what the second GOAWAY of a drain named
  TimeUs drain_us_ = kNever;
};

}  // namespace rpc::session
