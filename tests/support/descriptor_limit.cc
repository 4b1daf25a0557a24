#include "tests/support/descriptor_limit.h"

#include <sys/eventfd.h>

#include "rpc/net/socket.h"

namespace rpc {

// The system gives the lowest descriptor that is free: all below it are in use.
DescriptorLimit::DescriptorLimit() {
  const net::Descriptor lowest(eventfd(0, EFD_CLOEXEC));
  getrlimit(RLIMIT_NOFILE, &before_);
  rlimit lowered = before_;
  lowered.rlim_cur = static_cast<rlim_t>(lowest.get());
  setrlimit(RLIMIT_NOFILE, &lowered);
}

DescriptorLimit::~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

}  // namespace rpc
