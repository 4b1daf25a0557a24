#include "tests/session/heap.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

namespace {

std::atomic<size_t> heap_size{0};

}  // namespace

void* operator new(size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  heap_size += malloc_usable_size(memory);
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  heap_size -= malloc_usable_size(memory);
  std::free(memory);
}

void operator delete(void* memory, size_t) noexcept { operator delete(memory); }

namespace rpc::session {

size_t HeapSize() { return heap_size; }

bool HeapIsCounted() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;  // of some allocations the sanitizer's operator new hears, of others this one
#else
  constexpr size_t kSize = 1 << 20;
  const size_t before = HeapSize();
  const std::string text(kSize, 'x');  // allocated by the library, not by this program
  return HeapSize() >= before + kSize;
#endif
}

}  // namespace rpc::session
