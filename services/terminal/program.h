// What a program of this folder does first in main, and how it tells what went wrong.
//
//     terminal::BeginProgram();
//     if (absl::Status s = flags.Parse(argc, argv); !s.ok()) {
//       return terminal::Complain("files", s, terminal::kUsageError);   // files: unknown flag ...
//     }
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace terminal {

// The exit code when flags, arguments or addresses make no sense.
inline constexpr int kUsageError = 2;

// A reader that goes away gives errors from now on, and no SIGPIPE; so does a file that grows
// beyond `ulimit -f`, and no SIGXFSZ. Under `bazel run` paths are those of the user's folder.
void BeginProgram();

// One line on stderr, `program: sentence`, whoever wrote the sentence made harmless. Returns
// `code`.
int Complain(std::string_view program, const absl::Status& status, int code);

}  // namespace terminal
