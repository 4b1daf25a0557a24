// Serves every service of this tree; those that give something away only where they are asked for.
//
//     bazel run //examples:server -- --listen=tcp://127.0.0.1:7000 --listen=unix:///tmp/echo.sock
//     bazel run //examples:server -- --files=/srv/files --shell=ls,cat --shell_token_file=token
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/chat/chat_service.h"
#include "services/echo/echo_service.h"
#include "services/files/files_service.h"
#include "services/inspection/inspection.h"
#include "services/interop/interop_service.h"
#include "services/shell/shell_options.h"
#include "services/shell/shell_service.h"
#include "services/terminal/flags.h"
#include "services/terminal/program.h"

namespace {

// Of each method of the files service, at once; more wait their turn.
constexpr size_t kFilesCallsMax = 64;

// More than one machine has for a try, and an end to what a stranger may open.
constexpr size_t kConnectionsMax = 10'000;

struct Options {
  std::vector<std::string> listen = {};
  int64_t threads = 1;
  rpc::TlsOptions tls = {};
  std::string files = {};
  bool files_read_only = false;
  std::string shell = {};
  std::string shell_token_file = {};
};

void Declare(terminal::Flags* flags, Options* options) {
  flags->Texts("listen", "ADDRESS",
               "tcp://HOST:PORT (port 0 picks one), tls://HOST:PORT,\n"
               "udp://HOST:PORT, unix:///PATH or unix:@NAME; may be\n"
               "given more than once; tcp://127.0.0.1:7000 by default",
               &options->listen);
  flags->Number("threads", 1, 1'024, "loops that serve, each on a thread of its own",
                &options->threads);
  flags->Text("certificate", "FILE",
              "for tls://, as PEM, with those between it and the CA\n"
              "behind it",
              &options->tls.certificate_file);
  flags->Text("key", "FILE", "its key", &options->tls.key_file);
  flags->Text("client_ca", "FILE", "clients need a certificate from one of these CAs",
              &options->tls.ca_file);
  flags->Text("files", "FOLDER", "serves the files in it, and takes uploads", &options->files);
  flags->Bool("files_read_only", "takes no uploads", &options->files_read_only);
  flags->Text("shell", "COMMAND,...",
              "runs these commands for who has the token: names, or\n"
              "absolute paths; with sh in it, everything",
              &options->shell);
  flags->Text("shell_token_file", "FILE", "its first line is the token, of 16 characters or more",
              &options->shell_token_file);
  flags->Footer(
      "SIGINT and SIGTERM let open calls end, for up to 30 seconds; a second one ends\n"
      "it at once. With a certificate SIGHUP reads it again.\n"
      "\n"
      "Examples:\n"
      "  server --listen=tcp://*:7000 --listen=udp://*:7000 --threads=2\n"
      "  server --files=/srv/files --shell=ls,cat --shell_token_file=token\n");
}

absl::Status Check(Options* options) {
  const bool certified = !options->tls.certificate_file.empty() && !options->tls.key_file.empty();
  const bool any = !options->tls.certificate_file.empty() || !options->tls.key_file.empty() ||
                   !options->tls.ca_file.empty();
  const bool secure = std::ranges::any_of(
      options->listen, [](const std::string& address) { return address.starts_with("tls:"); });
  if (secure && !certified) {
    return absl::InvalidArgumentError("--listen=tls://... needs --certificate=FILE and --key=FILE");
  }
  if (any && !secure) {
    return absl::InvalidArgumentError("a certificate is of use with --listen=tls://... only");
  }
  if (options->shell.empty() != options->shell_token_file.empty()) {
    return absl::InvalidArgumentError(
        "--shell=COMMAND,... and --shell_token_file=FILE need each other");
  }
  if (options->files_read_only && options->files.empty()) {
    return absl::InvalidArgumentError("--files_read_only is of use with --files=FOLDER only");
  }
  if (options->listen.empty()) options->listen.push_back("tcp://127.0.0.1:7000");
  return absl::OkStatus();
}

absl::Status AddFiles(const Options& options, rpc::Server* server) {
  files::FilesOptions of_files;
  of_files.root = options.files;
  of_files.writable = !options.files_read_only;
  absl::StatusOr<std::shared_ptr<files::FilesService>> service =
      files::FilesService::Make(of_files);
  if (!service.ok()) return service.status();
  server->Add(*std::move(service));
  // Each call holds descriptors, and has the disk read or written.
  for (const char* method : {"List", "Stat", "Upload", "Download"}) {
    const std::string name = absl::StrCat("files.Files/", method);
    if (absl::Status s = server->Limit(name, kFilesCallsMax); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status AddShell(const Options& options, rpc::Server* server) {
  shell::ShellOptions of_shell;
  of_shell.commands = absl::StrSplit(options.shell, ',');
  absl::Status status = shell::ReadToken(options.shell_token_file, &of_shell.token);
  if (status.ok()) status = shell::CheckOptions(of_shell);
  if (status.ok()) server->Add(std::make_shared<shell::ShellService>(of_shell));
  return status;
}

absl::Status AddServices(const Options& options, rpc::Server* server) {
  server->Add(std::make_shared<echo::EchoService>());
  server->Add(std::make_shared<chat::ChatService>());
  if (!options.files.empty()) {
    if (absl::Status s = AddFiles(options, server); !s.ok()) return s;
  }
  if (!options.shell.empty()) {
    if (absl::Status s = AddShell(options, server); !s.ok()) return s;
  }
  inspection::AddTo(server);
  server->Add(std::make_shared<interop::InteropService>());
  return absl::OkStatus();
}

absl::Status ListenOn(const std::vector<std::string>& addresses, const rpc::Tls* tls,
                      rpc::Server* server) {
  for (const std::string& address : addresses) {
    rpc::ListenOptions options;
    if (address.starts_with("tls:")) options.tls = tls;
    if (absl::Status s = server->Listen(address, options); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status Serve(const Options& options) {
  std::optional<rpc::Tls> tls;
  if (!options.tls.certificate_file.empty()) {
    absl::StatusOr<rpc::Tls> read = rpc::Tls::Server(options.tls);
    if (!read.ok()) return read.status();
    tls = *read;
  }
  rpc::Server server(
      {.threads = static_cast<int>(options.threads), .connections_max = kConnectionsMax});
  if (absl::Status s = AddServices(options, &server); !s.ok()) return s;
  if (absl::Status s = ListenOn(options.listen, tls.has_value() ? &*tls : nullptr, &server);
      !s.ok()) {
    return s;
  }
  // What Run does, but for the lines between: who reads them may send a signal at once.
  if (absl::Status s = server.Start(); !s.ok()) return s;
  server.ShutdownOnSignals();
  for (const std::string& address : server.addresses()) {
    std::printf("listening on %s\n", address.c_str());
  }
  for (const std::string& service : server.services()) std::printf("serving %s\n", service.c_str());
  std::fflush(stdout);
  return server.Wait();
}

}  // namespace

int main(int argc, char** argv) {
  terminal::BeginProgram();
  Options options;
  terminal::Flags flags("server [FLAGS]", "Serves every service of this tree.");
  Declare(&flags, &options);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return rpc::Fail(s);
  if (flags.help()) return flags.PrintHelp();
  if (absl::Status s = Check(&options); !s.ok()) return rpc::Fail(s);
  return rpc::Exit(Serve(options));
}
