#include <iterator>

#include "absl/status/status.h"
#include "tests/fuzz/made_frame.h"
#include "tests/fuzz/session_side.h"

namespace rpc::session {
namespace {

const Method* MethodOf(std::string_view name) {
  static constexpr Method kUnary = {true, true};
  static constexpr Method kServerStream = {true, false};
  static constexpr Method kClientStream = {false, true};
  static constexpr Method kBoth = {false, false};
  if (name == "Unary") return &kUnary;
  if (name == "ServerStream") return &kServerStream;
  if (name == "ClientStream") return &kClientStream;
  return name == "Both" ? &kBoth : nullptr;
}

// Costly to make; the loop of a server keeps them as well.
Buffers& SharedBuffers() {
  static Buffers& buffers = *new Buffers();
  return buffers;
}

}  // namespace

ServerSide::ServerSide(Choices& choices, Peer peer)
    : SessionSide(peer), session_(&SharedBuffers(), ChooseLimits(choices), MethodOf, now_us_) {}

void ServerSide::OnEvent(const Event& event) {
  const auto found = calls_.find(event.call);
  if (event.kind == EventKind::kClosed) return;
  if (event.kind == EventKind::kCall) {
    Require(found == calls_.end(), "a call begins twice");
    if (event.call % 11 == 10) {
      session_.Refuse(event.call, absl::ResourceExhaustedError("too many"));
      return;
    }
    Served& served = calls_[event.call];
    served.method = static_cast<const Method*>(event.tag);
    served.half_closed = served.method->single_request;
    if (served.method->single_request) OnMessage(event.call, event.body);
    return;
  }
  Require(found != calls_.end(), "something is told of a call that is over");
  Served& served = found->second;
  Require(!served.cancelled, "something is told of a call that was cancelled");
  switch (event.kind) {
    case EventKind::kMessage:
      if (event.call % 2 == 1) ReadAll(event.call);
      break;
    case EventKind::kHalfClosed:
      Require(!served.half_closed, "a call is half-closed twice");
      served.half_closed = true;
      break;
    case EventKind::kCancelled:
      served.cancelled = true;
      break;
    default:
      Require(event.kind == EventKind::kWritable, "an event that is none of a server's");
  }
}

void ServerSide::OnMessage(uint64_t call, std::string_view message) {
  Served& served = calls_.at(call);
  if (honest()) Require(IsMadeBody(message, served.read++), "not the message that was sent");
  if (served.method->single_request) served.request = message;
}

void ServerSide::Act(Choices& choices) {
  const size_t choice = choices.UpTo(20);
  if (choice == 20) session_.Drain();
  if (choice == 19) session_.CancelEveryCall(absl::UnavailableError("the time is over"));
  if (calls_.empty()) return Turn();
  const auto call = std::next(calls_.begin(), choices.UpTo(calls_.size() - 1));
  const auto& [id, served] = *call;
  switch (choice % 5) {
    case 0:
      ReadAll(id);
      break;
    case 1:
      if (served.method->single_reply) break;
      call->second.begun = true;
      session_.Write(id, {MadeBody(choices, call->second.written++)});
      break;
    case 2: {
      if (call->second.begun) break;
      call->second.begun = true;
      const wire::Metadatum metadata[] = {{"key", "value"}};
      session_.SendMetadata(id, metadata);
      break;
    }
    case 3:
      End(call, absl::OkStatus());
      break;
    case 4:
      End(call, absl::NotFoundError("no such thing"));
      break;
  }
  Turn();
}

void ServerSide::End(Calls::iterator call, const absl::Status& status) {
  const uint64_t id = call->first;
  const Served served = std::move(call->second);
  calls_.erase(call);
  const Payload reply = {served.request};
  session_.End(id, status, status.ok() && served.method->single_reply ? &reply : nullptr);
}

void ServerSide::Settle() {
  while (!calls_.empty()) {
    ReadAll(calls_.begin()->first);
    End(calls_.begin(), absl::OkStatus());
  }
  Turn();
}

}  // namespace rpc::session
