// A server for tests of the program: lets who holds the token run the commands that it is told.
//
//     shell_server TOKEN DIRECTORY TIME_MAX_MS COMMAND...
//
// With an empty command for the first it has no such service. It prints where it listens, and ends
// with its standard input.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/shell/shell_service.h"

namespace {

// Thread sanitizer keeps a signal back from a thread that sits in read(), for ever, and SIGCHLD
// goes to any thread; in poll() it does not.
void AwaitEndOfInput() {
  std::array<char, 64> ignored = {};
  pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  for (;;) {
    if (poll(&input, 1, -1) < 0) continue;  // a signal
    if (read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  shell::ShellOptions options;
  options.token = argv[1];
  options.directory = argv[2];
  options.time_max = absl::Milliseconds(std::atoi(argv[3]));
  options.commands.assign(argv + 4, argv + argc);
  rpc::Server server({.threads = 2});
  if (*argv[4] != '\0') server.Add(std::make_shared<shell::ShellService>(options));
  if (absl::Status s = server.Listen("tcp://127.0.0.1:0"); !s.ok()) return rpc::Fail(s);
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);
  std::printf("%s\n", server.addresses().front().c_str());
  std::fflush(stdout);
  AwaitEndOfInput();
  return rpc::Exit(server.Shutdown(absl::ZeroDuration()));
}
