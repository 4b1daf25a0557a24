#include "rpc/session/call.h"

#include <utility>

namespace rpc::session {

Outgoing MessageFrame(const Payload& message, uint32_t flags) {
  Outgoing frame;
  frame.flags = flags;
  frame.rest = message.bytes;
  frame.owner = message.owner;
  if (frame.owner == nullptr && !message.bytes.empty()) {
    auto copy = std::make_shared<const std::string>(message.bytes);
    frame.rest = *copy;
    frame.owner = std::move(copy);
  }
  return frame;
}

void Call::Clear() {
  inbox.Clear();
  queue.clear();
  std::deque<Outgoing> queue_kept = std::move(queue);
  Inbox inbox_kept = std::move(inbox);
  *this = Call();
  queue = std::move(queue_kept);
  inbox = std::move(inbox_kept);
}

}  // namespace rpc::session
