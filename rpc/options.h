// What a caller can say of one call.
//
//     echo.Say(request, {.timeout = absl::Milliseconds(50), .parent = &context});
#pragma once

#include <type_traits>

#include "absl/time/time.h"
#include "rpc/metadata.h"

namespace rpc {

class ServerContext;

// What it points to has to live until the stub's function has returned, no longer; the parent is
// the context of the handler that makes the call.
struct CallOptions {
  // From now to the end of the call: resolving, connecting, waiting and the call itself. Zero means
  // the channel's default (for streams: none), so a computed rest of zero is to be looked at
  // before; less has passed already. InfiniteDuration, or a year, is no deadline.
  absl::Duration timeout = absl::ZeroDuration();

  // Sent with the call.
  const Metadata* metadata = nullptr;

  // The call that this one is made for: it passes on its deadline, if that is earlier, its
  // cancellation, and `traceparent` and `tracestate` of its metadata.
  ServerContext* parent = nullptr;

  // While there is no connection, wait for one until the deadline, and not only for the attempt at
  // hand.
  bool wait_for_ready = false;
};

// g++ 12 destroys a braced aggregate with owning members twice when it stands in a co_await.
static_assert(std::is_trivially_destructible_v<CallOptions>);

}  // namespace rpc
