// The server that faults are tried on, in a process of its own: the ledger, and files on demand.
//
//     faults_server --listen=tcp://127.0.0.1:0 --listen=unix:///tmp/ledger.sock --files=/tmp/files
//
// It prints `listening on ADDRESS` for each address, and with `--limited` has limits that calls run
// into and sends connections away before they are old.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/files/files_service.h"
#include "services/terminal/flags.h"
#include "services/terminal/program.h"
#include "tests/faults/ledger_service.h"

namespace {

struct Options {
  std::vector<std::string> listen = {};
  rpc::TlsOptions tls = {};
  std::string files = {};
  int64_t threads = 1;
  bool limited = false;
};

// Clients that are gone without a word are to be noticed while a test waits.
constexpr rpc::session::Limits kWatchful = {.keepalive_idle_us = 1'000'000,
                                            .keepalive_timeout_us = 3'000'000,
                                            .first_header_timeout_us = 3'000'000};

// Calls that run, and that wait, before more are refused.
constexpr size_t kCallsMax = 24;
constexpr size_t kWaitingMax = 8;
constexpr absl::Duration kAgeMax = absl::Seconds(2);

void Declare(terminal::Flags* flags, Options* options) {
  flags->Texts("listen", "ADDRESS", "where to listen", &options->listen);
  flags->Text("certificate", "FILE", "for tls://", &options->tls.certificate_file);
  flags->Text("key", "FILE", "its key", &options->tls.key_file);
  flags->Text("files", "FOLDER", "takes uploads into it", &options->files);
  flags->Number("threads", 1, 64, "loops", &options->threads);
  flags->Bool("limited", "refuses calls, and sends connections away", &options->limited);
}

rpc::ServerOptions OptionsOf(const Options& options) {
  rpc::ServerOptions server = {.threads = static_cast<int>(options.threads),
                               .handshake_timeout = absl::Seconds(3),
                               .drain_timeout = absl::Seconds(3),
                               .limits = kWatchful};
  if (options.limited) server.connection_age_max = kAgeMax;
  return server;
}

absl::Status AddServices(const Options& options, rpc::Server* server) {
  server->Add(std::make_shared<ledger::LedgerService>(server));
  if (options.limited) {
    absl::Status limited = server->Limit("ledger.Ledger/Once", kCallsMax, kWaitingMax);
    if (!limited.ok()) return limited;
  }
  if (options.files.empty()) return absl::OkStatus();
  files::FilesOptions of_files;
  of_files.root = options.files;
  absl::StatusOr<std::shared_ptr<files::FilesService>> files = files::FilesService::Make(of_files);
  if (files.ok()) server->Add(*std::move(files));
  return files.status();
}

absl::Status Serve(const Options& options) {
  std::optional<rpc::Tls> tls;
  if (!options.tls.certificate_file.empty()) {
    absl::StatusOr<rpc::Tls> read = rpc::Tls::Server(options.tls);
    if (!read.ok()) return read.status();
    tls = *read;
  }
  rpc::Server server(OptionsOf(options));
  if (absl::Status s = AddServices(options, &server); !s.ok()) return s;
  for (const std::string& address : options.listen) {
    rpc::ListenOptions listen;
    if (address.starts_with("tls:")) listen.tls = &*tls;
    if (absl::Status s = server.Listen(address, listen); !s.ok()) return s;
  }
  if (absl::Status s = server.Start(); !s.ok()) return s;
  server.ShutdownOnSignals();
  for (const std::string& address : server.addresses()) {
    std::printf("listening on %s\n", address.c_str());
  }
  std::fflush(stdout);
  return server.Wait();
}

}  // namespace

int main(int argc, char** argv) {
  terminal::BeginProgram();
  Options options;
  terminal::Flags flags("faults_server [FLAGS]", "Serves a ledger.");
  Declare(&flags, &options);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return rpc::Fail(s);
  if (flags.help()) return flags.PrintHelp();
  return rpc::Exit(Serve(options));
}
