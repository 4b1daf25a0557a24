#include "rpc/wire/large_string.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

namespace rpc::wire {
namespace {

// Address sanitizer would not see a string that is used after it was given, were it kept.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeeps = false;
#else
constexpr bool kKeeps = true;
#endif

// Strings are still given while a thread's variables are destroyed, so this one has no destructor.
constinit thread_local bool closed = false;

constexpr size_t kTooLarge = 4;  // times what is wanted

struct Kept {
  ~Kept() { closed = true; }

  std::vector<std::string> strings;  // by capacity, the smallest first
  size_t size = 0;                   // of all of them
  size_t size_max = 0;
};

thread_local Kept kept;

std::atomic<uint64_t> uses = 0;

bool IsSmaller(const std::string& string, size_t size) { return string.capacity() < size; }

}  // namespace

void KeepLarge(size_t size_max) {
  if (closed) return;
  kept.size_max = size_max;
  while (kept.size > size_max) {
    kept.size -= kept.strings.back().capacity();
    kept.strings.pop_back();
  }
  if (kept.strings.empty()) kept.strings.shrink_to_fit();
}

uint64_t LargeUses() { return uses.load(std::memory_order_relaxed); }

void NoteLarge() { uses.fetch_add(1, std::memory_order_relaxed); }

size_t LargeKept() { return closed ? 0 : kept.size; }

void FreeLarge() {
  if (closed) return;
  kept.strings.clear();
  kept.strings.shrink_to_fit();
  kept.size = 0;
}

std::string TakeLarge(size_t size) {
  if (size < kLargeStringMin || closed || kept.strings.empty()) return std::string();
  auto found = std::lower_bound(kept.strings.begin(), kept.strings.end(), size, IsSmaller);
  if (found == kept.strings.end()) --found;
  // One that is far too large would be held for what is small.
  if (found->capacity() / kTooLarge > size) return std::string();
  std::string taken = std::move(*found);
  kept.strings.erase(found);
  kept.size -= taken.capacity();
  return taken;
}

void GiveLarge(std::string* bytes) {
  std::string given;
  given.swap(*bytes);
  const size_t size = given.capacity();
  if (!kKeeps || size < kLargeStringMin || closed) return;
  NoteLarge();
  if (kept.strings.size() == kLargeStringsKeptMax || kept.size + size > kept.size_max) return;
  const auto place = std::lower_bound(kept.strings.begin(), kept.strings.end(), size, IsSmaller);
  kept.strings.insert(place, std::move(given));
  kept.size += size;
}

}  // namespace rpc::wire
