// Signals of the process, as calls on a loop.
#pragma once

#include <functional>
#include <vector>

#include "rpc/net/loop.h"

namespace rpc::net {

// While it lives, each of these signals calls `on_signal` with its number, within a turn, and does
// nothing else. It does not keep a loop from ending. Threads: made and destroyed on the loop's
// thread.
class Signals {
 public:
  Signals(Loop* loop, const std::vector<int>& numbers, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Handles;
  Handles* handles_;
};

}  // namespace rpc::net
