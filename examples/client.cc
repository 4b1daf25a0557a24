// Calls the echo service from a plain program: no coroutines, no loop in sight.
//
//     bazel run //examples:client -- tcp://127.0.0.1:7000 "hello there"
#include <cstdio>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace {

constexpr char kUsage[] =
    "usage: client [ADDRESS [TEXT]]\n"
    "  ADDRESS  where the server listens: tcp://HOST:PORT, unix:///PATH or unix:@NAME;\n"
    "           tcp://127.0.0.1:7000 by default\n"
    "  TEXT     what to say; \"hello\" by default\n";

absl::Status Call(const char* address, const char* text) {
  const rpc::Channel channel(address);
  const echo::Echo::Client echo(channel);

  echo::SayRequest request;
  request.set_text(text);
  absl::StatusOr<echo::SayReply> reply = echo.Say(request).Wait();
  if (!reply.ok()) return reply.status();
  std::printf("said: %s\n", reply->text().c_str());

  echo::CountRequest upto;
  upto.set_upto(3);
  auto numbers = echo.Count(upto);
  while (const echo::Number* number = numbers.Read().Wait()) {
    std::printf("counted: %lld\n", static_cast<long long>(number->value()));
  }
  return numbers.status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--help") return std::fputs(kUsage, stdout) < 0;
  if (argc > 3 || (argc > 1 && argv[1][0] == '-')) {
    std::fputs(kUsage, stderr);
    return 1;
  }
  return rpc::Exit(Call(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000", argc > 2 ? argv[2] : "hello"));
}
