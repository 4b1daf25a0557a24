#include "tests/coroutines/allocations.h"

#include <cstdlib>
#include <new>

namespace {

constinit thread_local uint64_t allocations = 0;

}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace rpc {

AllocationCount::AllocationCount() : before_(allocations) {}

uint64_t AllocationCount::so_far() const { return allocations - before_; }

}  // namespace rpc
