// A server with what is seldom: a service without descriptors, and a method with a long name.
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/inspection/inspection.h"
#include "tests/services/cli/odd.rpc.h"
#include "tests/services/reflection/lite.rpc.h"

namespace odd =
    a_package_with_a_name::that_nobody_would_type::but_that_some_generator::may_well_write;

int main() {
  rpc::Server server;
  server.Add(std::make_shared<odd::OddServiceThatGoesOnAndOn::Service>());
  server.Add(std::make_shared<lite::Lite::Service>());
  inspection::AddTo(&server);
  if (absl::Status s = server.Listen("tcp://127.0.0.1:0"); !s.ok()) return rpc::Fail(s);
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);
  server.ShutdownOnSignals();
  for (const std::string& address : server.addresses()) {
    std::printf("listening on %s\n", address.c_str());
  }
  std::fflush(stdout);
  return rpc::Exit(server.Wait());
}
