// A deadline covers all of a call, and goes on to the calls that its handler makes.
//
//     bazel run //examples:deadline              # needs no server: it has two of its own
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo_service.h"

namespace {

// Passes Sleep on to another server. The context that goes with it brings the caller's deadline.
class Relay final : public echo::Echo::Service {
 public:
  explicit Relay(echo::Echo::Client next) : next_(std::move(next)) {}

  rpc::Task<> Sleep(rpc::ServerContext& context, const echo::SleepRequest& request,
                    echo::SayReply& reply) override {
    std::printf("relay: %s\n", context.time_left() < absl::Seconds(1) ? "less than a second left"
                                                                      : "there is time");
    absl::StatusOr<echo::SayReply> answer = co_await next_.Sleep(request, context.Child());
    if (!answer.ok()) co_return answer.status();
    reply = *std::move(answer);
    co_return absl::OkStatus();
  }

 private:
  echo::Echo::Client next_;
};

void Sleep(const echo::Echo::Client& echo, uint32_t ms, absl::Duration timeout) {
  echo::SleepRequest request;
  request.set_ms(ms);
  const absl::Time begin = absl::Now();
  absl::StatusOr<echo::SayReply> reply = echo.Sleep(request, {.timeout = timeout}).Wait();
  const bool late = absl::Now() - begin > absl::Seconds(5);
  std::printf("a sleep of %u ms within %s: %s%s\n", ms, absl::FormatDuration(timeout).c_str(),
              reply.ok() ? reply->text().c_str() : reply.status().ToString().c_str(),
              late ? " (late)" : "");
}

}  // namespace

int main() {
  rpc::Server far;
  far.Add(std::make_shared<echo::EchoService>());
  rpc::Server near;
  near.Add(std::make_shared<Relay>(echo::Echo::Client(far.InProcess())));

  const echo::Echo::Client echo(near.InProcess());
  Sleep(echo, 1, absl::Seconds(10));
  Sleep(echo, 60'000, absl::Milliseconds(50));

  // The far handler, which would sleep for a minute, has been cancelled too.
  const absl::Status ended = far.Shutdown(absl::Seconds(10));
  std::printf("far handlers: %s\n", ended.ok() ? "all have ended" : ended.ToString().c_str());
  return rpc::Exit(ended);
}
