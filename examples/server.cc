// Serves every service of this tree.
//
//     bazel run //examples:server -- --listen=tcp://127.0.0.1:7000 --listen=unix:///tmp/echo.sock
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "rpc/rpc.h"
#include "services/echo/echo_service.h"
#include "services/interop/interop_service.h"

namespace {

constexpr char kUsage[] =
    "usage: server [--listen=ADDRESS]... [--threads=N]\n"
    "              [--certificate=FILE --key=FILE [--client_ca=FILE]]\n"
    "  --listen=ADDRESS    tcp://HOST:PORT (port 0 picks one), tls://HOST:PORT, udp://HOST:PORT,\n"
    "                      unix:///PATH or unix:@NAME; may be given more than once;\n"
    "                      tcp://127.0.0.1:7000 by default\n"
    "  --threads=N         loops that serve, each on a thread of its own; 1 by default\n"
    "  --certificate=FILE  for tls://, as PEM, with those between it and the CA behind it\n"
    "  --key=FILE          its key\n"
    "  --client_ca=FILE    clients need a certificate from one of these CAs\n"
    "SIGINT and SIGTERM let open calls end, for up to 30 seconds; a second one ends it at once.\n"
    "With a certificate SIGHUP reads it again.\n";

constexpr int kThreadsMax = 1'024;

struct Flags {
  std::vector<std::string> listen;
  int threads = 1;
  rpc::TlsOptions tls = {};
  bool help = false;
};

// Flags that name a file.
std::string* FileOf(const std::string& name, Flags* flags) {
  if (name == "--certificate") return &flags->tls.certificate_file;
  if (name == "--key") return &flags->tls.key_file;
  if (name == "--client_ca") return &flags->tls.ca_file;
  return nullptr;
}

absl::Status ReadFlag(const std::string& argument, Flags* flags) {
  const std::string name = argument.substr(0, argument.find('='));
  const std::string value = argument.substr(std::min(argument.size(), name.size() + 1));
  if (name == "--help") {
    flags->help = true;
  } else if (name == "--listen" && !value.empty()) {
    flags->listen.push_back(value);
  } else if (name == "--threads") {
    if (!absl::SimpleAtoi(value, &flags->threads) || flags->threads < 1 ||
        flags->threads > kThreadsMax) {
      return absl::InvalidArgumentError(absl::StrCat("--threads takes a number from 1 to ",
                                                     kThreadsMax, ", not \"", value, "\""));
    }
  } else if (std::string* file = FileOf(name, flags)) {
    if (value.empty()) return absl::InvalidArgumentError(absl::StrCat(name, "=FILE needs a file"));
    *file = value;
  } else if (name == "--listen") {
    return absl::InvalidArgumentError(
        "--listen takes an address behind a =, as in --listen=tcp://127.0.0.1:7000");
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown flag ", argument, "; --help tells which there are"));
  }
  return absl::OkStatus();
}

absl::Status ReadFlags(int argc, char** argv, Flags* flags) {
  for (int i = 1; i < argc; ++i) {
    if (absl::Status s = ReadFlag(argv[i], flags); !s.ok()) return s;
  }
  const bool certified = !flags->tls.certificate_file.empty() && !flags->tls.key_file.empty();
  const bool any = !flags->tls.certificate_file.empty() || !flags->tls.key_file.empty() ||
                   !flags->tls.ca_file.empty();
  const bool secure = std::ranges::any_of(
      flags->listen, [](const std::string& address) { return address.starts_with("tls:"); });
  if (secure && !certified) {
    return absl::InvalidArgumentError("--listen=tls://... needs --certificate=FILE and --key=FILE");
  }
  if (any && !secure) {
    return absl::InvalidArgumentError("a certificate is of use with --listen=tls://... only");
  }
  if (flags->listen.empty()) flags->listen.push_back("tcp://127.0.0.1:7000");
  return absl::OkStatus();
}

absl::Status Serve(const Flags& flags) {
  std::optional<rpc::Tls> tls;
  if (!flags.tls.certificate_file.empty() || !flags.tls.key_file.empty()) {
    absl::StatusOr<rpc::Tls> read = rpc::Tls::Server(flags.tls);
    if (!read.ok()) return read.status();
    tls = *read;
  }
  rpc::Server server({.threads = flags.threads});
  server.Add(std::make_shared<echo::EchoService>());
  server.Add(std::make_shared<interop::InteropService>());
  for (const std::string& address : flags.listen) {
    rpc::ListenOptions options;
    if (address.starts_with("tls:")) options.tls = tls.has_value() ? &*tls : nullptr;
    if (absl::Status s = server.Listen(address, options); !s.ok()) return s;
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
  Flags flags;
  if (absl::Status s = ReadFlags(argc, argv, &flags); !s.ok()) return rpc::Fail(s);
  if (flags.help) return std::fputs(kUsage, stdout) < 0;
  return rpc::Exit(Serve(flags));
}
