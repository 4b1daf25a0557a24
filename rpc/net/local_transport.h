// Two transports within one process, each on its own loop (which may be the same): what one writes,
// the other reads, in a later turn. No sockets, nothing to run out of.
#pragma once

#include <memory>
#include <utility>

#include "rpc/net/loop.h"
#include "rpc/net/transport.h"

namespace rpc::net {

// Each direction holds 256 KiB at most; a writer that finds it full is told when half of it is
// free. When one end is destroyed the other reads what was written, then the end of input; what it
// writes then is dropped. The ends may be destroyed in any order, each on its loop's thread.
std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>> NewLocalTransports(Loop* first,
                                                                                     Loop* second);

}  // namespace rpc::net
