// What a program of this folder does first in main.
#pragma once

namespace terminal {

// A reader that goes away gives errors from now on, and no SIGPIPE. Under `bazel run` paths are
// those of the user's folder.
void BeginProgram();

}  // namespace terminal
