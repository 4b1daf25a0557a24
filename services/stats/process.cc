#include "services/stats/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace stats {
namespace {

constexpr char kDescriptors[] = "/proc/self/fd";

uint64_t Microseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec);
}

// Lines such as `VmRSS:      4096 kB`.
void ReadStatus(Process* process) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    uint64_t value = 0;
    if (!(words >> name >> value)) continue;
    if (name == "VmRSS:") process->set_memory_resident_bytes(value * 1024);
    if (name == "VmHWM:") process->set_memory_peak_bytes(value * 1024);
    if (name == "Threads:") process->set_threads(static_cast<uint32_t>(value));
  }
}

// Newer kernels say it as the size of the folder; with others they are counted.
uint32_t DescriptorsOpen() {
  struct stat folder = {};
  if (stat(kDescriptors, &folder) == 0 && folder.st_size > 0) {
    return static_cast<uint32_t>(folder.st_size);
  }
  DIR* const open = opendir(kDescriptors);
  if (open == nullptr) return 0;
  uint32_t count = 0;
  while (const dirent* entry = readdir(open)) count += entry->d_name[0] != '.';
  closedir(open);
  return count - 1;  // that of the folder itself
}

}  // namespace

void DescribeProcess(Process* process) {
  process->set_pid(static_cast<uint32_t>(getpid()));
  ReadStatus(process);
  rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    process->set_cpu_us(Microseconds(usage.ru_utime) + Microseconds(usage.ru_stime));
  }
  process->set_descriptors_open(DescriptorsOpen());
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    process->set_descriptors_max(
        static_cast<uint32_t>(std::min<rlim_t>(limit.rlim_cur, UINT32_MAX)));
  }
}

}  // namespace stats
