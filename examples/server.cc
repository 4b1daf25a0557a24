// Serves every service of this tree.
//
//     bazel run //examples:server -- --listen=tcp://127.0.0.1:7000 --listen=unix:///tmp/echo.sock
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "rpc/rpc.h"
#include "services/echo/echo_service.h"

namespace {

constexpr char kUsage[] =
    "usage: server [--listen=ADDRESS]... [--threads=N]\n"
    "  --listen=ADDRESS  tcp://HOST:PORT (port 0 picks one), unix:///PATH or unix:@NAME;\n"
    "                    may be given more than once; tcp://127.0.0.1:7000 by default\n"
    "  --threads=N       loops that serve, each on a thread of its own; 1 by default\n";

struct Flags {
  std::vector<std::string> listen;
  int threads = 1;
};

absl::Status Read(int argc, char** argv, Flags* flags) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string value(argument.substr(std::min(argument.size(), argument.find('=') + 1)));
    if (argument.starts_with("--listen=")) {
      flags->listen.push_back(value);
    } else if (argument.starts_with("--threads=")) {
      if (!absl::SimpleAtoi(value, &flags->threads) || flags->threads < 1) {
        return absl::InvalidArgumentError(
            absl::StrCat("--threads takes a number from 1 on, not \"", value, "\""));
      }
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown flag ", argv[i], "\n", kUsage));
    }
  }
  if (flags->listen.empty()) flags->listen.push_back("tcp://127.0.0.1:7000");
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") return std::fputs(kUsage, stdout) < 0;
  Flags flags;
  if (absl::Status s = Read(argc, argv, &flags); !s.ok()) return rpc::Fail(s);
  rpc::Server server({.threads = flags.threads});
  server.Add(std::make_shared<echo::EchoService>());
  for (const std::string& address : flags.listen) {
    if (absl::Status s = server.Listen(address); !s.ok()) return rpc::Fail(s);
  }
  for (const std::string& address : server.addresses()) {
    std::printf("listening on %s\n", address.c_str());
  }
  for (const std::string& service : server.services()) std::printf("serving %s\n", service.c_str());
  std::fflush(stdout);
  return rpc::Exit(server.Run());
}
