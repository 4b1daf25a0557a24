#include "services/terminal/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "services/terminal/text.h"

namespace terminal {

void BeginProgram() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // One that was started without standard input, output or errors would have a socket in its place.
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", O_RDWR);
  }
  const char* const folder = std::getenv("BUILD_WORKING_DIRECTORY");
  // Where it cannot go there, paths fail with a sentence of their own.
  if (folder != nullptr) (void)!chdir(folder);
}

int Complain(std::string_view program, const absl::Status& status, int code) {
  const std::string line =
      std::string(program) + ": " + Harmless(std::string(status.message())) + "\n";
  std::fputs(line.c_str(), stderr);
  return code;
}

}  // namespace terminal
