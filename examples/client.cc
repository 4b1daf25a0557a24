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
    "usage: client [ADDRESS [TEXT [CA]]]\n"
    "  ADDRESS  where the server listens: tcp://HOST:PORT, tls://HOST:PORT, unix:///PATH or\n"
    "           unix:@NAME; tcp://127.0.0.1:7000 by default\n"
    "  TEXT     what to say; \"hello\" by default\n"
    "  CA       for tls://, the file of the CAs that the server's certificate may come from; "
    "those\n"
    "           that the system trusts by default\n";

absl::Status Call(const char* address, const char* text, const char* ca) {
  absl::StatusOr<rpc::Tls> tls = rpc::Tls::Client({.ca_file = ca});
  if (!tls.ok()) return tls.status();
  const bool secure = std::string_view(address).starts_with("tls:");
  const rpc::Channel channel(address, {.tls = secure ? &*tls : nullptr});
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
  if (argc > 4 || (argc > 1 && argv[1][0] == '-')) {
    std::fputs(kUsage, stderr);
    return 1;
  }
  return rpc::Exit(Call(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000", argc > 2 ? argv[2] : "hello",
                        argc > 3 ? argv[3] : ""));
}
