// From what a client asks for to what is run: here it is decided what a server allows.
//
// Threads: any. It looks at files, which may block.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/shell/shell.pb.h"
#include "services/shell/shell_options.h"

namespace shell {

// PERMISSION_DENIED for what is not on the server's lists, which the sentence tells; NOT_FOUND for
// a command or a directory that is not there.
absl::StatusOr<rpc::ProcessOptions> Plan(const ShellOptions& options, const Command& command);

// Where a command would start: the whole path, without symbolic links.
absl::StatusOr<std::string> FindDirectory(const ShellOptions& options, const std::string& named);

bool IsShellAllowed(const ShellOptions& options);

}  // namespace shell
