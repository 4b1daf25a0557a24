#include "services/terminal/watch_copy.h"

#include <fcntl.h>

#include <utility>

namespace terminal {

void WatchCopy(int fd, std::optional<rpc::Pollable>* pollable) {
  rpc::Descriptor copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return;
  const int flags = fcntl(fd, F_GETFL);
  pollable->emplace(std::move(copy));
  fcntl(fd, F_SETFL, flags);
}

}  // namespace terminal
