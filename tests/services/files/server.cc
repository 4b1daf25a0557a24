// A server with the files service alone, for tests of the program: server FOLDER [ADDRESS]. It
// prints where it listens.
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/files/files_service.h"

int main(int argc, char** argv) {
  files::FilesOptions options;
  options.root = argc > 1 ? argv[1] : ".";
  absl::StatusOr<std::shared_ptr<files::FilesService>> service = files::FilesService::Make(options);
  if (!service.ok()) return rpc::Fail(service.status());
  rpc::Server server;
  server.Add(*std::move(service));
  const absl::Status listening = server.Listen(argc > 2 ? argv[2] : "tcp://127.0.0.1:0");
  if (!listening.ok()) return rpc::Fail(listening);
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);
  server.ShutdownOnSignals();
  std::printf("%s\n", server.addresses().front().c_str());
  std::fflush(stdout);
  return rpc::Exit(server.Wait());
}
