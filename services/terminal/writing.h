// Writing to a descriptor that may be anything: what Output and Printer share.
//
// Internal to output.cc and printer.cc. No state; any thread.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "rpc/rpc.h"

namespace terminal {

// What a descriptor that is writable takes without blocking: PIPE_BUF bytes, if it is not a file,
// which takes everything.
size_t WriteSizeMax(int fd);

// A terminal takes a part, and then blocks. So it is opened anew, and made non-blocking for this
// alone; none where that is not allowed, or where it is no terminal.
rpc::Descriptor OpenAnew(int fd);

// Why write(2) has failed, by errno. UNAVAILABLE: nobody reads any more; INTERNAL: something else.
absl::Status WriteFailure(const std::string& name);

}  // namespace terminal
