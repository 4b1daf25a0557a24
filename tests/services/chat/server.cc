// Serves chat on the addresses that it is given, for tests of the program; tells where it listens.
#include <cstdio>
#include <memory>
#include <string>

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
  for (int i = 1; i < argc; ++i) {
    if (absl::Status s = server.Listen(argv[i]); !s.ok()) return rpc::Fail(s);
  }
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);
  server.ShutdownOnSignals();
  for (const std::string& address : server.addresses()) std::printf("%s\n", address.c_str());
  std::fflush(stdout);
  (void)server.Wait();
}
