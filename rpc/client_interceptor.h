// A coroutine around each call that a channel makes.
//
//     channel.Use([](rpc::ClientContext& context, rpc::ClientNext next) -> rpc::Task<> {
//       context.metadata().Add("token", "1234");
//       absl::Status status = co_await next();   // ends when the call has ended
//       Log(context.method(), status);
//       co_return status;
//     });
//
// It may refuse (return a status and not call next), add metadata, measure, and change the status.
// Messages of streams pass without it. It begins within the stub's function where that can be, and
// so on the thread that makes the call: do not hold a lock there that it takes.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/metadata.h"
#include "rpc/task.h"

namespace rpc {
namespace runtime {
class ClientCall;
}

// A call as its channel makes it. Threads: the loop of the call. Lifetime: until the interceptor
// has ended.
class ClientContext {
 public:
  explicit ClientContext(runtime::ClientCall* call) : call_(call) {}
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  // `package.Service/Method`.
  std::string_view method() const;
  // Until its deadline; InfiniteDuration when it has none.
  absl::Duration time_left() const;
  // What is sent with the call: to be added to before next().
  Metadata& metadata();
  // What came with the end of the call: after next().
  const Metadata& trailing() const;

 private:
  runtime::ClientCall* call_;
};

// The rest of a call: to be called at most once.
class ClientNext {
 public:
  ClientNext(runtime::ClientCall* call, size_t index) : call_(call), index_(index) {}

  Task<> operator()() const;

 private:
  runtime::ClientCall* call_;
  size_t index_;
};

using ClientInterceptor = std::function<Task<>(ClientContext&, ClientNext)>;

}  // namespace rpc
