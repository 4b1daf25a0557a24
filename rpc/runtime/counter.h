// A number that one thread writes and any may read.
//
// Internal.
#pragma once

#include <atomic>
#include <cstdint>

namespace rpc::runtime {

class Counter {
 public:
  void operator+=(uint64_t count) { Set(value() + count); }
  void operator-=(uint64_t count) { Set(value() - count); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }

  std::atomic<uint64_t> value_{0};
};

}  // namespace rpc::runtime
