// What a session tells its application, one event at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/wire/header.h"

namespace rpc::session {

enum class EventKind : uint8_t {
  // Server: a call for a method that exists. `header` has its name, metadata and timeout. For a
  // method with one request `body` is that request, and the call is half-closed.
  kCall,
  // Client: leading metadata, in `header`.
  kMetadata,
  // Both: a message can be read (see Read).
  kMessage,
  // Server: the client will send no more messages; Read gives those that are left.
  kHalfClosed,
  // Both: Write answered "wait" before, and would now answer "go on".
  kWritable,
  // Server: the call is over, as `status` says why; its handler is to end soon, and then calls End.
  kCancelled,
  // Client: the call has ended with `status`; `header` has the trailing metadata when a server sent
  // any, `body` the reply of a method with one reply, `unseen` whether no handler ever saw the
  // call, so that it is safe to repeat. Nothing follows for this call.
  kEnd,
  // Client: no new call can be opened on this connection; those that are open go on.
  kDraining,
  // Both: the connection is of no further use, as `status` says why. Every call has ended, but a
  // client's whose END had come while messages waited: these are still to be read, then kEnd comes.
  kClosed,
};

// The views are valid until the next call of Next().
struct Event {
  EventKind kind = EventKind::kClosed;
  uint64_t call = 0;
  void* tag = nullptr;  // the application's own, see SetTag and Open; with kCall its Method
  const wire::Header* header = nullptr;
  std::string_view body;
  absl::Status status;
  bool unseen = false;
};

}  // namespace rpc::session
