#include "examples/terminal/program.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace terminal {

void BeginProgram() {
  std::signal(SIGPIPE, SIG_IGN);
  const char* const folder = std::getenv("BUILD_WORKING_DIRECTORY");
  // Where it cannot go there, paths fail with a sentence of their own.
  if (folder != nullptr) (void)!chdir(folder);
}

}  // namespace terminal
