// What one coroutine hands to another, in order.
//
//     queue.Push(value);                                            // from plain functions, too
//     std::optional<Outgoing> next = co_await queue.Pop();          // nothing: it was cancelled
//
// Threads: the loop on which it was made; one Pop at a time. Lifetime: it outlives its Pop.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "rpc/rpc.h"

namespace chat {

template <typename T>
class Queue {
 public:
  void Push(T value) {
    values_.push_back(std::move(value));
    bell_.Ring();
  }

  // In front of the others: what was taken and could not be used.
  void PutBack(T value) {
    values_.push_front(std::move(value));
    bell_.Ring();
  }

  bool empty() const { return values_.empty(); }

  // OK when there is something to pop.
  rpc::Task<> Wait() {
    absl::Status rung;
    while (rung.ok() && values_.empty()) rung = co_await bell_.Wait();
    co_return rung;
  }

  rpc::Task<std::optional<T>> Pop() {
    absl::Status filled = co_await Wait();
    if (!filled.ok()) co_return std::nullopt;
    std::optional<T> value = std::move(values_.front());
    values_.pop_front();
    co_return value;
  }

 private:
  rpc::Bell bell_;
  std::deque<T> values_;
};

}  // namespace chat
