// A coroutine around each call, on both sides: the client adds a token and measures, the server
// looks at the token before any handler runs, and tells the handler who it is.
//
//     bazel run //examples:interceptor           # needs no server: it has one of its own
#include <any>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace {

rpc::Task<> CheckToken(rpc::ServerContext& context, rpc::Next next) {
  if (context.metadata().Get("token") != "1234") {
    co_return absl::UnauthenticatedError("the call has no token, or a wrong one");
  }
  context.user = std::string("Ada");
  co_return co_await next();
}

rpc::Task<> AddToken(rpc::ClientContext& context, rpc::ClientNext next) {
  context.metadata().Add("token", "1234");
  co_return co_await next();
}

rpc::Task<> Measure(rpc::ClientContext& context, rpc::ClientNext next) {
  const absl::Time begin = absl::Now();
  absl::Status status = co_await next();
  const int64_t us = absl::ToInt64Microseconds(absl::Now() - begin);
  std::printf("%s took %lld us: %s\n", std::string(context.method()).c_str(),
              static_cast<long long>(us), status.ToString().c_str());
  co_return status;
}

class Greeter final : public echo::Echo::Service {
 public:
  rpc::Task<> Say(rpc::ServerContext& context, const echo::SayRequest& request,
                  echo::SayReply& reply) override {
    reply.set_text(request.text() + ", " + std::any_cast<std::string>(context.user));
    return absl::OkStatus();
  }
};

// Prints the reply; the status is told by Measure.
void Greet(const rpc::Channel& channel) {
  echo::SayRequest request;
  request.set_text("good morning");
  absl::StatusOr<echo::SayReply> reply = echo::Echo::Client(channel).Say(request).Wait();
  if (reply.ok()) std::printf("%s\n", reply->text().c_str());
}

}  // namespace

int main() {
  rpc::Server server;
  server.Add(std::make_shared<Greeter>());
  server.Use(CheckToken);

  rpc::Channel unknown = server.InProcess();
  unknown.Use(Measure);
  Greet(unknown);

  rpc::Channel known = server.InProcess();
  known.Use(Measure);  // the first is the outermost
  known.Use(AddToken);
  Greet(known);
}
