#include "rpc/net/session_kill.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <set>

#include "absl/strings/numbers.h"

namespace rpc::net {
namespace {

// One pass misses what was born behind its back. What is killed has no more children: so this is
// only for who forks faster than we look.
constexpr int kPassesMax = 10;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

// 0: an entry of /proc that is no process.
pid_t PidOf(const dirent& entry) {
  pid_t pid = 0;
  return absl::SimpleAtoi(entry.d_name, &pid) ? pid : 0;
}

// False when there was nobody who is not in `killed` already.
bool KillMembers(pid_t leader, std::set<pid_t>* killed) {
  const std::unique_ptr<DIR, CloseDirectory> processes(opendir("/proc"));
  if (processes == nullptr) return false;
  bool any = false;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this directory open.
  while (const dirent* const entry = readdir(processes.get())) {
    const pid_t pid = PidOf(*entry);
    if (pid <= 0 || getsid(pid) != leader) continue;
    kill(pid, SIGKILL);
    any |= killed->insert(pid).second;
  }
  return any;
}

}  // namespace

void KillSession(pid_t leader) {
  kill(-leader, SIGKILL);
  std::set<pid_t> killed;
  int passes = 1;
  while (KillMembers(leader, &killed) && passes < kPassesMax) ++passes;
}

}  // namespace rpc::net
