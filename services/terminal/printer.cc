#include "services/terminal/printer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "services/terminal/writing.h"

namespace terminal {

Printer::Printer(int stop)
    : own_(OpenAnew(STDOUT_FILENO)),
      fd_(own_ ? own_.get() : STDOUT_FILENO),
      stop_(stop),
      size_max_(WriteSizeMax(fd_)) {}

bool Printer::AwaitRoom() {
  pollfd fds[] = {{.fd = fd_, .events = POLLOUT, .revents = 0},
                  {.fd = stop_, .events = POLLIN, .revents = 0}};
  while (poll(fds, 2, -1) < 0 && (errno == EINTR || errno == EAGAIN)) {
  }
  // An error counts as room: the next write tells it.
  return fds[0].revents != 0 || fds[1].revents == 0;
}

const absl::Status& Printer::Print(std::string_view text) {
  while (status_.ok() && !text.empty()) {
    if (!AwaitRoom()) {
      status_ = absl::CancelledError("stopped before the standard output took it all");
      break;
    }
    const ssize_t size = write(fd_, text.data(), std::min(text.size(), size_max_));
    if (size >= 0) {
      text.remove_prefix(static_cast<size_t>(size));
    } else if (errno != EAGAIN && errno != EINTR) {
      status_ = WriteFailure("the standard output");
    }
  }
  return status_;
}

absl::Status Print(std::string_view text) { return Printer().Print(text); }

}  // namespace terminal
