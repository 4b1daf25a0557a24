#include "rpc/session/call.h"

namespace rpc::session {

void Call::Clear() {
  static_cast<CallState&>(*this) = CallState();
  queue.clear();
  inbox.Clear();
}

}  // namespace rpc::session
