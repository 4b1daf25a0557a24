// The end of a session: of a process group, and of those who left the group but not the session,
// as `timeout` does and shells with job control let their commands do.
//
//     KillSession(pid);     // of a child that called setsid, as those of Process do
//
// Only who began a session of its own (setsid) stays, and who another user's rights protect. Where
// /proc is not mounted, it is the group alone.
//
// Threads: any. It takes some microseconds for each process of the machine.
#pragma once

#include <sys/types.h>

namespace rpc::net {

// SIGKILL to all of them. REQUIRES: the leader has not been reaped, or only just now: its number
// stands for no other process, group or session, as it does not either while members are left.
void KillSession(pid_t leader);

}  // namespace rpc::net
