// What a process takes of the machine: memory and processor time, as the tests of attacks bound
// them.
#pragma once

#include <cstdint>

#include "rpc/counters.h"

namespace rpc::attacks {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

#if defined(__OPTIMIZE__)
inline constexpr bool kOptimised = true;
#else
inline constexpr bool kOptimised = false;
#endif

// What a sanitizer makes smaller, because it is ten times slower: a hundred of these are as good a
// proof of no leak and no race as a thousand.
constexpr int Sanitized(int count, int sanitized) { return kSanitized ? sanitized : count; }

// Times under a sanitizer are so much longer.
inline constexpr int kTimes = Sanitized(1, 10);

inline constexpr int64_t kKilobyte = 1 << 10;
inline constexpr int64_t kMegabyte = 1 << 20;

// For printf.
constexpr long Kilobytes(int64_t size) { return static_cast<long>(size / kKilobyte); }

// Of the attacked server. Sent between processes as its bytes.
struct Figures {
  int64_t heap_size = 0;      // bytes that malloc has given out
  int64_t heap_size_max = 0;  // since the measuring began, as looked at every few milliseconds
  int64_t rss_size = 0;       // bytes of the process that are in memory
  int64_t rss_size_max = 0;   // since the measuring began, as the system noted
  int64_t cpu_us = 0;         // of the server's threads
  int64_t waited_us = 0;      // for a processor that others had, of its threads together

  // Calls of services/echo and services/interop as an interceptor sees them.
  uint64_t handlers_begun = 0;
  uint64_t handlers_running = 0;

  ServerCounters counters = {};
};

// Of this process.
int64_t HeapSize();
int64_t RssSize();
int64_t RssSizeMax();
// RssSizeMax is RssSize again.
void ForgetRssSizeMax();
// Processor time of all threads, or of all but the calling one.
int64_t CpuUs();
int64_t CpuOfOthersUs();
// How long threads could have run and did not, because the machine had others to run: all threads,
// or all but the calling one. 0 where the system does not tell.
int64_t WaitedUs();
int64_t WaitedOfOthersUs();

}  // namespace rpc::attacks
