// Which processes there are, as /proc tells. A process that is dead and only waits to be reaped by
// somebody else is none.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace rpc::net {

// The living processes of a group.
std::vector<pid_t> ProcessesOfGroup(pid_t group);
std::vector<pid_t> ProcessesOfSession(pid_t session);

bool Lives(pid_t pid);

// The living processes one of whose arguments is `mark`: made up by a test, and given to what it
// starts.
std::vector<pid_t> ProcessesMarked(const std::string& mark);

}  // namespace rpc::net
