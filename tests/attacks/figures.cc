#include "tests/attacks/figures.h"

#include <malloc.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace rpc::attacks {
namespace {

// A line of /proc/self/status, in bytes.
int64_t StatusLine(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::atoll(line.c_str() + name.size()) * 1024;
  }
  return 0;
}

int64_t ClockUs(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1'000;
}

// /proc/self/task/ID/schedstat: nanoseconds that it ran, and that it waited.
int64_t WaitedOfUs(const std::filesystem::path& task) {
  std::ifstream file(task / "schedstat");
  int64_t ran_ns = 0;
  int64_t waited_ns = 0;
  file >> ran_ns >> waited_ns;
  return waited_ns / 1'000;
}

}  // namespace

int64_t HeapSize() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<int64_t>(heap.uordblks + heap.hblkhd);
}

int64_t RssSize() { return StatusLine("VmRSS:"); }
int64_t RssSizeMax() { return StatusLine("VmHWM:"); }

// Where this may not be written the maximum is that of the process's whole life, so that a bound
// is only harder to keep.
void ForgetRssSizeMax() { std::ofstream("/proc/self/clear_refs") << "5"; }

int64_t CpuUs() { return ClockUs(CLOCK_PROCESS_CPUTIME_ID); }
int64_t CpuOfOthersUs() { return CpuUs() - ClockUs(CLOCK_THREAD_CPUTIME_ID); }

int64_t WaitedUs() {
  int64_t sum_us = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    sum_us += WaitedOfUs(task.path());
  }
  return sum_us;
}

int64_t WaitedOfOthersUs() { return WaitedUs() - WaitedOfUs("/proc/thread-self"); }

}  // namespace rpc::attacks
