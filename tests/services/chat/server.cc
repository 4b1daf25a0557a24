// Serves chat on the addresses that it is given, for tests of the program; tells where it listens.
//
//     server [--hostile] ADDRESS...      # --hostile: fails every call, with what harms a terminal
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/chat/chat_service.h"
#include "services/chat/limits.h"

int main(int argc, char** argv) {
  chat::Limits limits;
  limits.ring_size = 20;
  limits.absent_after = absl::Seconds(5);
  rpc::Server server({.threads = 2, .drain_timeout = absl::ZeroDuration()});
  server.Add(std::make_shared<chat::ChatService>(limits));
  const bool is_hostile = argc > 1 && std::string_view(argv[1]) == "--hostile";
  if (is_hostile) {
    server.Use([](rpc::ServerContext&, rpc::Next) -> rpc::Task<> {
      co_return absl::PermissionDeniedError(
          "go \x1b[2J\x1b]0;away\x07 \xc2\x9b"
          "31m \xe2\x80\xae now\nchat: all is well");
    });
  }
  for (int i = is_hostile ? 2 : 1; i < argc; ++i) {
    if (absl::Status s = server.Listen(argv[i]); !s.ok()) return rpc::Fail(s);
  }
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);
  server.ShutdownOnSignals();
  for (const std::string& address : server.addresses()) std::printf("%s\n", address.c_str());
  std::fflush(stdout);
  (void)server.Wait();
}
