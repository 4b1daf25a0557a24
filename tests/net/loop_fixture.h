// A loop that a test turns by hand, until what it waits for has happened. At the end of the test
// nothing may be left on it.
#pragma once

#include <gtest/gtest.h>
#include <uv.h>

#include <functional>
#include <optional>

#include "rpc/net/loop.h"

namespace rpc::net {

class LoopFixture : public testing::Test {
 protected:
  LoopFixture();
  ~LoopFixture() override;

  Loop* loop() { return &*loop_; }
  uv_loop_t* uv() { return &uv_; }

  // Fails the test when that takes longer than 20 s. A loop that waits is woken each `period_ms`.
  void TurnUntil(const std::function<bool()>& happened, uint64_t period_ms = 50);

  // Turns for that long, and tells how often the loop went round.
  int TurnFor(uint64_t time_ms);

  // What is posted is a turn of its own.
  void InTurn(std::function<void()> work);

  void EndLoop() { loop_.reset(); }

 private:
  uv_loop_t uv_;
  std::optional<Loop> loop_;
};

}  // namespace rpc::net
