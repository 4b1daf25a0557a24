// How often this thread has asked for memory: a test with this dep has an operator new that counts.
//
//     const AllocationCount count;
//     ...
//     EXPECT_EQ(count.so_far(), 0u);
//
// Threads: each counts its own.
#pragma once

#include <cstdint>

namespace rpc {

class AllocationCount {
 public:
  AllocationCount();
  uint64_t so_far() const;

 private:
  uint64_t before_;
};

}  // namespace rpc
