// A loop that turns on a thread of its own.
#pragma once

#include <functional>
#include <future>
#include <thread>

#include "rpc/net/loop.h"

namespace rpc::net {

class LoopThread {
 public:
  ~LoopThread() {
    loop_.Stop();
    thread_.join();
  }

  Loop* loop() { return &loop_; }

  // Runs it there, and waits for it.
  void Do(const std::function<void()>& work) {
    std::promise<void> done;
    loop_.Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  Loop loop_;
  std::thread thread_{[this] { loop_.Run(); }};
};

}  // namespace rpc::net
