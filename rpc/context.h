// What a handler knows of the call that it serves, besides its messages.
//
//     rpc::Task<> Say(rpc::ServerContext& context, const SayRequest& request, SayReply& reply) {
//       if (!context.metadata().Get("token")) return absl::UnauthenticatedError("no token");
//       ...
//       co_await other.Say(request, context.Child());   // same deadline, cancelled together
//     }
//
// Threads: the loop of the call. Lifetime: until the handler has ended, and is gone.
#pragma once

#include <any>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/metadata.h"
#include "rpc/net/loop.h"
#include "rpc/options.h"
#include "rpc/peer.h"
#include "rpc/runtime/shutdown_wait.h"

namespace rpc {
namespace runtime {
class ServerCall;
class Scope;
}  // namespace runtime

class ServerContext {
 public:
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  // `package.Service/Method`.
  std::string_view method() const;
  // Who calls: the address, and who it is where TLS or a unix socket tells.
  const Peer& peer() const;
  // What came with the call.
  const Metadata& metadata() const { return metadata_; }

  // Until the client gives up; InfiniteDuration when it set no deadline.
  absl::Duration time_left() const;

  // The call is over, because its client cancelled it or went away, or its deadline passed: what is
  // still done is for nobody.
  bool cancelled() const;

  // For a handler without an end of its own, so that the server need not cancel it:
  // `co_await context.Shutdown()` is OK when the server begins to shut down, CANCELLED when the
  // call is over before. Beside other things: rpc::WhenAny(context.Shutdown(), bell.Wait()).
  runtime::ShutdownOperation Shutdown();

  // For a call that is made for this one: see CallOptions::parent.
  CallOptions Child() { return {.parent = this}; }

  // Goes to the client before the first message: FAILED_PRECONDITION after that, CANCELLED when the
  // call is over, INVALID_ARGUMENT for metadata that breaks the rules.
  absl::Status SendMetadata(const Metadata& metadata);

  // Goes to the client with the end of the call.
  Metadata& trailing() { return trailing_; }

  // What an interceptor has to say to the handler, such as who the caller is.
  std::any user;

 private:
  friend class runtime::ServerCall;
  explicit ServerContext(runtime::ServerCall* call) : call_(call) {}

  runtime::ServerCall* call_;
  Metadata metadata_;
  Metadata trailing_;
  net::TimeUs deadline_us_ = net::kNever;

 public:
  // For the framework.
  runtime::Scope* scope();
  net::TimeUs deadline_us() const { return deadline_us_; }
};

}  // namespace rpc
