// The open calls of a session, by id.
//
// Internal to rpc/session. A table of open addressing: a call stands at the place that its id
// hashes to, or behind it, with no gap between. So finding, adding and removing touch a cache line
// or two, and allocate nothing in the steady state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "rpc/session/call.h"

namespace rpc::session {

class CallTable {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // Null when there is none.
  Call* Find(uint64_t id) const {
    if (size_ == 0) return nullptr;
    for (size_t place = PlaceOf(id);; place = Next(place)) {
      Call* const call = places_[place].get();
      if (call == nullptr || call->id == id) return call;
    }
  }

  // REQUIRES: there is none with this id.
  void Add(std::unique_ptr<Call> call) {
    if (2 * (size_ + 1) > places_.size()) Resize(std::max(kPlacesMin, 2 * places_.size()));
    ++size_;
    Put(std::move(call));
  }

  // Null when there is none.
  std::unique_ptr<Call> Remove(uint64_t id) {
    if (Find(id) == nullptr) return nullptr;
    size_t gap = PlaceOf(id);
    while (places_[gap]->id != id) gap = Next(gap);
    std::unique_ptr<Call> call = std::move(places_[gap]);
    CloseGap(gap);
    if (--size_ == 0 && places_.size() > kPlacesKept) Places().swap(places_);
    return call;
  }

  template <typename F>
  void ForEach(F function) const {
    for (const std::unique_ptr<Call>& call : places_) {
      if (call != nullptr) function(call.get());
    }
  }

 private:
  using Places = std::vector<std::unique_ptr<Call>>;

  static constexpr size_t kPlacesMin = 16;
  static constexpr size_t kPlacesKept = 2'048;

  // Ids are mostly consecutive: a multiplication spreads them. A peer that chooses its ids for it
  // can have a search look at all open calls, of which there are as many as it is let have
  // (calls_max).
  size_t PlaceOf(uint64_t id) const {
    return static_cast<size_t>((id * 0x9E3779B97F4A7C15u) >> 32) & (places_.size() - 1);
  }
  size_t Next(size_t place) const { return (place + 1) & (places_.size() - 1); }

  void Put(std::unique_ptr<Call> call) {
    size_t place = PlaceOf(call->id);
    while (places_[place] != nullptr) place = Next(place);
    places_[place] = std::move(call);
  }

  // Moves up what would not be found behind a gap.
  void CloseGap(size_t gap) {
    for (size_t place = Next(gap); places_[place] != nullptr; place = Next(place)) {
      const size_t wanted = PlaceOf(places_[place]->id);
      const size_t mask = places_.size() - 1;
      if (((place - wanted) & mask) < ((place - gap) & mask)) continue;
      places_[gap] = std::move(places_[place]);
      gap = place;
    }
  }

  void Resize(size_t count) {
    Places before(count);
    before.swap(places_);
    for (std::unique_ptr<Call>& call : before) {
      if (call != nullptr) Put(std::move(call));
    }
  }

  Places places_;  // a power of two of them, at most half taken
  size_t size_ = 0;
};

}  // namespace rpc::session
