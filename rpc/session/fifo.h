// A queue that keeps its memory: first in, first out, over one vector.
//
// It is what std::deque is not: empty it holds no memory, and used again and again it allocates
// nothing.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace rpc::session {

template <typename T>
class Fifo {
 public:
  bool empty() const { return first_ == items_.size(); }
  size_t size() const { return items_.size() - first_; }

  // REQUIRES: !empty()
  T& front() { return items_[first_]; }
  const T& front() const { return items_[first_]; }

  T& back() { return items_.back(); }

  void push(T item) {
    if (first_ > items_.size() / 2) Compact();
    items_.push_back(std::move(item));
  }

  // REQUIRES: !empty()
  T pop() {
    T item = std::move(items_[first_++]);
    if (empty()) clear();
    return item;
  }

  void clear() {
    items_.clear();
    first_ = 0;
    if (items_.capacity() > kCapacityKept) items_.shrink_to_fit();
  }

  // Removes every item for which `matches` is true.
  template <typename Matches>
  void remove_if(Matches matches) {
    Compact();
    std::erase_if(items_, matches);
  }

  auto begin() { return items_.begin() + static_cast<ptrdiff_t>(first_); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin() + static_cast<ptrdiff_t>(first_); }
  auto end() const { return items_.end(); }

 private:
  void Compact() {
    items_.erase(items_.begin(), items_.begin() + static_cast<ptrdiff_t>(first_));
    first_ = 0;
  }

  static constexpr size_t kCapacityKept = 1024;

  std::vector<T> items_;
  size_t first_ = 0;  // items before it have been taken
};

}  // namespace rpc::session
