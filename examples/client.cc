// Calls the echo service from a plain program: no coroutines, no loop in sight.
//
//     bazel run //examples:client -- tcp://127.0.0.1:7000 "hello there"
#include <cstdio>

#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

int main(int argc, char** argv) {
  rpc::Channel channel(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  echo::Echo::Client echo(channel);

  echo::SayRequest request;
  request.set_text(argc > 2 ? argv[2] : "hello");
  absl::StatusOr<echo::SayReply> reply = echo.Say(request).Wait();
  if (!reply.ok()) return rpc::Fail(reply.status());
  std::printf("said: %s\n", reply->text().c_str());

  echo::CountRequest upto;
  upto.set_upto(3);
  auto numbers = echo.Count(upto);
  while (const echo::Number* number = numbers.Read().Wait()) {
    std::printf("counted: %lld\n", static_cast<long long>(number->value()));
  }
  return rpc::Exit(numbers.status());
}
