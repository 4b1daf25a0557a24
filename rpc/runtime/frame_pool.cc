#include "rpc/runtime/frame_pool.h"

#include <new>

namespace rpc::runtime {
namespace {

// Frames of up to 1 KiB in steps of 64 bytes; larger ones are rare.
constexpr size_t kStep = 64;
constexpr size_t kClasses = 16;

// Kept of each size: what a busy loop uses at once, and no more than 1 MiB of the largest.
constexpr size_t kKeptMax = 1024;

// Address sanitizer would not see a frame that is used after its end, were it recycled.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kRecycles = false;
#else
constexpr bool kRecycles = true;
#endif

struct FreeFrameNode {
  FreeFrameNode* next;
};

struct Lists {
  FreeFrameNode* first[kClasses];
  size_t size[kClasses];
  bool closed;  // the thread is ending: its cleaner has run
};

// Two variables, because frames are still freed while a thread's variables are destroyed: this one
// has no destructor and can be used to the very end.
constinit thread_local Lists lists = {};

struct Cleaner {
  ~Cleaner() {
    lists.closed = true;
    for (FreeFrameNode*& first : lists.first) {
      while (FreeFrameNode* node = first) {
        first = node->next;
        ::operator delete(node);
      }
    }
  }
};

void CleanAtExit() {
  thread_local Cleaner cleaner;
  (void)cleaner;
}

size_t ClassOf(size_t size) { return (size - 1) / kStep; }

}  // namespace

void* NewFrame(size_t size) {
  const size_t place = ClassOf(size);
  if (place >= kClasses) return ::operator new(size);
  FreeFrameNode* node = lists.first[place];
  if (node == nullptr) return ::operator new((place + 1) * kStep);
  lists.first[place] = node->next;
  --lists.size[place];
  return node;
}

void FreeFrame(void* frame, size_t size) {
  const size_t place = ClassOf(size);
  const bool kept = kRecycles && place < kClasses && !lists.closed && lists.size[place] < kKeptMax;
  if (!kept) return ::operator delete(frame);
  if (lists.size[place]++ == 0) CleanAtExit();
  lists.first[place] = new (frame) FreeFrameNode{lists.first[place]};
}

}  // namespace rpc::runtime
