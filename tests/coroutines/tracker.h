// An object that knows how many of it there are, and whether it was ever moved behind its back or
// destroyed twice: what a compiler does that copies a temporary into a coroutine's frame without
// telling it.
//
// Threads: any.
#pragma once

#include <atomic>
#include <string>

namespace rpc {

class Tracker {
 public:
  Tracker() : Tracker(64) {}
  explicit Tracker(size_t size) : text_(size, 't') { ++alive_; }
  Tracker(const Tracker& other) : text_(other.text_) { ++alive_; }
  Tracker(Tracker&& other) noexcept : text_(std::move(other.text_)) { ++alive_; }
  Tracker& operator=(const Tracker&) = default;
  ~Tracker() {
    if (place_ != this) ++misplaced_;
    place_ = nullptr;
    --alive_;
  }

  int size() const { return static_cast<int>(text_.size()); }

  static int alive() { return alive_; }
  // Destructors that ran where no constructor had, or a second time.
  static int misplaced() { return misplaced_; }

 private:
  static inline std::atomic<int> alive_{0};
  static inline std::atomic<int> misplaced_{0};

  const volatile Tracker* volatile place_ = this;
  std::string text_;  // on the heap, for the sanitizers to see
};

}  // namespace rpc
