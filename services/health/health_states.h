// What an application says of its health, and who is told when that changes.
//
// Threads: any. Lifetime: outlives its watchers.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/rpc.h"

namespace health {

class HealthStates {
 public:
  void Set(std::string_view name, bool serving);

  // False when it was set to be so, or the server as a whole was.
  bool serving(std::string_view name) const;
  bool Knows(std::string_view name) const;
  // That something was said of.
  std::vector<std::string> names() const;

  // Has a bell rung at each change. On the loop of the bell.
  class Watcher {
   public:
    explicit Watcher(HealthStates* states);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    rpc::Bell& bell() { return bell_; }

   private:
    HealthStates* const states_;
    rpc::Bell bell_;
  };

 private:
  bool Is(std::string_view name) const;

  mutable std::mutex mutex_;
  std::map<std::string, bool, std::less<>> serving_;  // guarded by the mutex
  std::set<rpc::Bell*> bells_;                        // guarded by the mutex
};

}  // namespace health
