#include "services/terminal/output.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "services/terminal/watch_copy.h"
#include "services/terminal/writing.h"

namespace terminal {

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
    } else if (errno != EAGAIN && errno != EINTR) {
      co_return WriteFailure(name_);
    }
  }
  co_return absl::OkStatus();
}

}  // namespace terminal
