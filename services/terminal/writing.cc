#include "services/terminal/writing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace terminal {

size_t WriteSizeMax(int fd) {
  struct stat status = {};
  const bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  return is_file ? 1 << 20 : PIPE_BUF;
}

rpc::Descriptor OpenAnew(int fd) {
  if (isatty(fd) == 0) return rpc::Descriptor();
  const std::string path = absl::StrCat("/proc/self/fd/", fd);
  return rpc::Descriptor(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

absl::Status WriteFailure(const std::string& name) {
  if (errno == EPIPE) {
    return absl::UnavailableError(absl::StrCat("nobody reads ", name, " any more"));
  }
  return absl::InternalError(absl::StrCat("cannot write to ", name, ": ", strerror(errno)));
}

}  // namespace terminal
