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
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

#include "rpc/session/session.h"

namespace rpc::session {

// What a session needs to know of a method.
struct Method {
  bool single_request = false;  // the call begins when its one message is whole
  bool single_reply = false;    // it is End that carries the reply
};

// Gives the method of a `package.Service/Method`, or null when there is none: a function, or a
// lambda that captures a pointer at most. (Every session has one, and std::function is twice as
// large.)
class FindMethod {
 public:
  template <typename Find>
  requires(!std::is_same_v<Find, FindMethod>) FindMethod(Find find)
      : call_([](const void* place, std::string_view name) -> const Method* {
          return (*static_cast<const Find*>(place))(name);
        }) {
    static_assert(sizeof(Find) <= sizeof(place_) && alignof(Find) <= alignof(void*));
    static_assert(std::is_trivially_copyable_v<Find>);
    new (place_) Find(find);
  }

  const Method* operator()(std::string_view name) const { return call_(place_, name); }

 private:
  const Method* (*call_)(const void* place, std::string_view name);
  alignas(void*) char place_[sizeof(void*)] = {};
};

class ServerSession final : public Session {
 public:
  // What it gives is the tag of the kCall, and has to outlive the call.
  using FindMethod = session::FindMethod;

  ServerSession(Buffers* buffers, const Limits& limits, FindMethod find_method, TimeUs now_us);

  // Leading metadata: before the first message. What the client's limit on headers does not allow
  // ends the call RESOURCE_EXHAUSTED. REQUIRES: CheckMetadata(metadata).ok()
  Sent SendMetadata(uint64_t call, std::span<const wire::Metadatum> metadata);

  // One message of a stream.
  Sent Write(uint64_t call, const Payload& message);

  // The handler has ended. With OK and `reply` that is the last message. Trailing metadata that
  // breaks the rules or does not fit is left out. False where the client does not take so large
  // a reply, or lets too much wait already: it is told RESOURCE_EXHAUSTED instead.
  bool End(uint64_t call, const absl::Status& status, const Payload* reply = nullptr,
           std::span<const wire::Metadatum> trailing = {});

  // Instead of End, for a call that no handler has seen: its client may repeat it.
  // REQUIRES: !status.ok()
  void Refuse(uint64_t call, const absl::Status& status);

  // Takes no new calls, lets those that are open finish, then ends the connection.
  void Drain() { DrainBecause(CloseCause::kDrained); }

  // Ends the connection at once, and tells the client why, in the form that it speaks: what a
  // listener does that can't take it. REQUIRES: !why.ok()
  void Reject(const absl::Status& why, wire::Form form = wire::Form::kBinary) {
    set_form(form);
    Fail(why, CloseCause::kRejected);
  }

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
  void OnIdle() override { DrainBecause(CloseCause::kIdle); }
  TimeUs OwnTimeUs() const override { return std::min(drain_us_, age_us_); }
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
  bool EndWith(uint64_t id, const absl::Status& status, const Payload* reply,
               std::span<const wire::Metadatum> trailing, uint32_t flags);
  void Abort(Call* call, const absl::Status& status);  // not by its handler
  void Finish(Call* call);                             // END is out, and the handler has ended
  void SendFinalFrame(Call* call, wire::Header* header, const absl::Status& status,
                      const Payload& reply);
  void SendEnd(uint64_t id, wire::Form form, const absl::Status& status, bool unseen);

  void DrainBecause(CloseCause cause);
  void OnAge();
  void Announce();
  void SendGoaway(uint64_t call);
  void FinishDrain();
  void CloseWhenDrained();

  bool hello_ = false;
  bool aged_ = false;
  DrainStep drain_ = DrainStep::kNone;
  FindMethod find_method_;
  uint64_t highest_ = 0;
  uint64_t final_call_ = kGoawayAll;  // what the second GOAWAY of a drain named
  TimeUs drain_us_ = kNever;
  TimeUs age_us_;  // when it will be too old; then, when its calls have had their grace
};

static_assert(sizeof(ServerSession) <= 344, "an idle connection is to cost little memory");

}  // namespace rpc::session
