// A server for clients in other languages: prints its address, and ends when its input does.
#include <cstdio>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/interop/interop_service.h"

int main() {
  rpc::Server server({.limits = {.message_size_max = 1 << 20}});
  server.Add(std::make_shared<interop::InteropService>());
  if (absl::Status s = server.Listen("tcp://127.0.0.1:0"); !s.ok()) return rpc::Fail(s);
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);
  std::printf("%s\n", server.addresses().front().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return rpc::Exit(server.Shutdown(absl::Seconds(5)));
}
