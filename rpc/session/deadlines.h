// Deadlines in the order in which they pass: a binary heap whose members know their place, so that
// one is added, moved or removed in logarithmic time and the next is known at once, without a scan.
//
// T has a member `deadline_us` and a member `deadline_place`, which belongs to the heap.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

#include "rpc/session/limits.h"

namespace rpc::session {

inline constexpr size_t kNoPlace = static_cast<size_t>(-1);

template <typename T>
class Deadlines {
 public:
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  TimeUs next_us() const { return heap_.empty() ? kNever : heap_[0]->deadline_us; }

  // The member whose deadline passes first. REQUIRES: !empty()
  T* first() const { return heap_[0]; }

  // REQUIRES: member->deadline_place == kNoPlace
  void Add(T* member) {
    assert(member->deadline_place == kNoPlace);
    heap_.push_back(member);
    Rise(heap_.size() - 1);
  }

  // Harmless for one that is not in it.
  void Remove(T* member) {
    const size_t place = member->deadline_place;
    if (place == kNoPlace) return;
    member->deadline_place = kNoPlace;
    T* last = heap_.back();
    heap_.pop_back();
    if (last == member) return;
    heap_[place] = last;
    Sink(Rise(place));
  }

  bool Valid() const {
    for (size_t i = 0; i < heap_.size(); ++i) {
      if (heap_[i]->deadline_place != i) return false;
      if (i > 0 && heap_[i]->deadline_us < heap_[(i - 1) / 2]->deadline_us) return false;
    }
    return true;
  }

 private:
  void Place(T* member, size_t place) {
    heap_[place] = member;
    member->deadline_place = place;
  }

  size_t Rise(size_t place) {
    T* member = heap_[place];
    for (; place > 0; place = (place - 1) / 2) {
      T* parent = heap_[(place - 1) / 2];
      if (parent->deadline_us <= member->deadline_us) break;
      Place(parent, place);
    }
    Place(member, place);
    return place;
  }

  void Sink(size_t place) {
    T* member = heap_[place];
    for (size_t child; (child = 2 * place + 1) < heap_.size(); place = child) {
      if (child + 1 < heap_.size() && heap_[child + 1]->deadline_us < heap_[child]->deadline_us) {
        ++child;
      }
      if (member->deadline_us <= heap_[child]->deadline_us) break;
      Place(heap_[child], place);
    }
    Place(member, place);
  }

  std::vector<T*> heap_;
};

}  // namespace rpc::session
