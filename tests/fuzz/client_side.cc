#include <iterator>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/fuzz/made_frame.h"
#include "tests/fuzz/session_side.h"

namespace rpc::session {
namespace {

struct Shape {
  std::string_view name;
  bool single_request = false;
  bool single_reply = false;
};

constexpr Shape kShapes[] = {{"Unary", true, true},
                             {"ServerStream", true, false},
                             {"ClientStream", false, true},
                             {"Both", false, false},
                             {"Nobody", true, true}};

// Costly to make; the loop of a client keeps them as well.
Buffers& SharedBuffers() {
  static Buffers& buffers = *new Buffers();
  return buffers;
}

}  // namespace

ClientSide::ClientSide(Choices& choices, Peer peer)
    : SessionSide(peer),
      session_(&SharedBuffers(), ChooseLimits(choices), now_us_, /*hello=*/choices.UpTo(7) != 7) {}

void ClientSide::OnEvent(const Event& event) {
  if (event.kind == EventKind::kClosed || event.kind == EventKind::kDraining) return;
  const auto found = calls_.find(event.call);
  Require(found != calls_.end(), "something is told of a call that is over");
  switch (event.kind) {
    case EventKind::kMessage:
      if (event.call % 2 == 1) ReadAll(event.call);
      break;
    case EventKind::kEnd:
      if (honest() && event.status.ok() && found->second.single_reply) {
        Require(IsMadeBody(event.body, 0), "not the reply that was sent");
      }
      calls_.erase(found);
      break;
    default:
      Require(event.kind == EventKind::kMetadata || event.kind == EventKind::kWritable,
              "an event that is none of a client's");
  }
}

void ClientSide::OnMessage(uint64_t call, std::string_view message) {
  if (honest())
    Require(IsMadeBody(message, calls_.at(call).read++), "not the message that was sent");
}

void ClientSide::Open(Choices& choices) {
  const Shape& shape = kShapes[choices.UpTo(std::size(kShapes) - 1)];
  const bool bare = choices.UpTo(7) == 7;
  const wire::Metadatum metadata[] = {{"key", "value"}};
  Opening opening = {.name = shape.name, .single_reply = shape.single_reply};
  opening.last = shape.single_request;
  if (choices.UpTo(3) == 3) opening.metadata = metadata;
  if (choices.UpTo(3) == 3) opening.deadline_us = now_us_ + ChooseWait(choices);
  const absl::StatusOr<uint64_t> call =
      bare ? session_.Open(opening) : session_.Open(opening, {MadeBody(choices)});
  if (!call.ok()) return;
  Require(!calls_.contains(*call), "an id is used twice");
  calls_[*call] = {
      .single_reply = shape.single_reply, .written_last = opening.last, .written = bare ? 0u : 1u};
}

void ClientSide::Act(Choices& choices) {
  const size_t choice = choices.UpTo(40);
  if (choice == 40) session_.Shutdown();
  if (choice % 3 == 0) Open(choices);
  if (choice % 3 == 0 || calls_.empty()) return Turn();
  const auto call = std::next(calls_.begin(), choices.UpTo(calls_.size() - 1));
  const uint64_t id = call->first;
  Asked& asked = call->second;
  switch (choice % 5) {
    case 0:
    case 1:
      if (asked.written_last) break;
      asked.written_last = choices.UpTo(3) == 3;
      session_.Write(id, {MadeBody(choices, asked.written++)}, asked.written_last);
      break;
    case 2:
      if (asked.written_last) break;
      asked.written_last = true;
      session_.CloseWriting(id);
      break;
    case 3:
      ReadAll(id);
      break;
    case 4:
      calls_.erase(call);
      session_.Cancel(id);
      break;
  }
  Turn();
}

void ClientSide::Settle() {
  std::vector<uint64_t> ids;
  for (const auto& [id, asked] : calls_) ids.push_back(id);
  for (const uint64_t id : ids) {
    ReadAll(id);
    Listen();
  }
  Turn();
}

}  // namespace rpc::session
