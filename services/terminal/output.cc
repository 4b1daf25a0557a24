#include "services/terminal/output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/terminal/watch_copy.h"

namespace terminal {
namespace {

// What a descriptor that is writable takes without blocking: PIPE_BUF bytes, if it is not a file,
// which takes everything.
size_t WriteSizeMax(int fd) {
  struct stat status = {};
  const bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  return is_file ? 1 << 20 : PIPE_BUF;
}

// A terminal takes a part, and then blocks. So it is opened anew, and made non-blocking for this
// alone; none where that is not allowed.
rpc::Descriptor OpenAnew(int fd) {
  if (isatty(fd) == 0) return rpc::Descriptor();
  const std::string path = absl::StrCat("/proc/self/fd/", fd);
  return rpc::Descriptor(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

Output::Output(int fd, std::string name) : name_(std::move(name)) {
  rpc::Descriptor terminal = OpenAnew(fd);
  if (terminal) {
    pollable_.emplace(std::move(terminal));
  } else {
    WatchCopy(fd, &pollable_);
  }
}

rpc::Task<absl::Status> Output::Write(std::string_view bytes) {
  if (!pollable_.has_value()) co_return absl::UnavailableError(name_ + " is not open");
  const size_t size_max = WriteSizeMax(pollable_->fd());
  while (!bytes.empty()) {
    const absl::Status ready = co_await pollable_->Writable();
    if (!ready.ok()) co_return ready;
    const ssize_t size = write(pollable_->fd(), bytes.data(), std::min(bytes.size(), size_max));
    if (size >= 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
    } else if (errno == EPIPE) {
      co_return absl::UnavailableError(absl::StrCat("nobody reads ", name_, " any more"));
    } else if (errno != EAGAIN && errno != EINTR) {
      co_return absl::InternalError(absl::StrCat("cannot write ", name_, ": ", strerror(errno)));
    }
  }
  co_return absl::OkStatus();
}

}  // namespace terminal
