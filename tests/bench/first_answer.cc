// How long a server takes from its start to the answer to its first call, in ms.
//
//     first_answer SERVER [FLAG]...
//
// The server says where it listens, as that of this folder does.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "tests/bench/bench.rpc.h"
#include "tests/bench/measure/clock.h"
#include "tests/bench/measure/payload.h"

namespace bench {
namespace {

// A program whose first line of output can be read.
class Program {
 public:
  absl::Status Start(char** arguments) {
    int ends[2];
    if (pipe(ends) != 0) return absl::InternalError("cannot make a pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    const int error = posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = ends[0];
    if (error != 0) {
      pid_ = 0;
      return absl::NotFoundError(std::string("cannot start ") + arguments[0]);
    }
    return absl::OkStatus();
  }

  ~Program() {
    if (pid_ == 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

  std::string ReadLine() const {
    std::string line;
    char c = 0;
    while (read(output_, &c, 1) == 1 && c != '\n') line += c;
    return line;
  }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
};

absl::Status Measure(char** arguments) {
  Blob request;
  request.set_text(Payload(64));
  Program server;
  const uint64_t begin_ns = NowNs();
  if (absl::Status s = server.Start(arguments); !s.ok()) return s;
  constexpr std::string_view kSaid = "listening on ";
  const std::string line = server.ReadLine();
  if (!line.starts_with(kSaid)) return absl::InternalError("it does not say where it listens");
  Bench::Client client(rpc::Channel(line.substr(kSaid.size())));
  const absl::StatusOr<Blob> reply = client.Echo(request).Wait();
  if (!reply.ok()) return reply.status();
  std::printf("%.3f\n", static_cast<double>(NowNs() - begin_ns) / 1e6);
  return absl::OkStatus();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  if (argc < 2) return rpc::Fail(absl::InvalidArgumentError("first_answer SERVER [FLAG]..."));
  return rpc::Exit(bench::Measure(argv + 1));
}
