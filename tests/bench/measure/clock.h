// Clocks in nanoseconds: the one on the wall, and those of the CPU time of processes.
//
// Threads: any.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>

namespace bench {

inline uint64_t ReadClockNs(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

// A clock that never goes backwards; the same for all processes.
inline uint64_t NowNs() { return ReadClockNs(CLOCK_MONOTONIC); }

// CPU time that a process, all its threads, has used; 0 when there is none with this id.
inline uint64_t CpuTimeNs(pid_t process) {
  clockid_t clock;
  return process > 0 && clock_getcpuclockid(process, &clock) == 0 ? ReadClockNs(clock) : 0;
}

// Of this process.
inline uint64_t OwnCpuTimeNs() { return ReadClockNs(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace bench
