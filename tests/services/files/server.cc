// A server with the files service alone, for tests of the program: server FOLDER [ADDRESS]. Without
// any service when the folder is empty. It prints where it listens.
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/files/files_service.h"

namespace {

absl::Status AddFiles(const std::string& folder, rpc::Server* server) {
  if (folder.empty()) return absl::OkStatus();
  files::FilesOptions options;
  options.root = folder;
  absl::StatusOr<std::shared_ptr<files::FilesService>> service = files::FilesService::Make(options);
  if (!service.ok()) return service.status();
  server->Add(*std::move(service));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  rpc::Server server;
  if (absl::Status s = AddFiles(argc > 1 ? argv[1] : ".", &server); !s.ok()) return rpc::Fail(s);
  const absl::Status listening = server.Listen(argc > 2 ? argv[2] : "tcp://127.0.0.1:0");
  if (!listening.ok()) return rpc::Fail(listening);
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);
  server.ShutdownOnSignals();
  std::printf("%s\n", server.addresses().front().c_str());
  std::fflush(stdout);
  return rpc::Exit(server.Wait());
}
