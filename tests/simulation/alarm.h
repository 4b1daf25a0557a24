// The one timer of a simulated process: it goes off once, when it was last set to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "tests/simulation/world.h"

namespace rpc::simulation {

class Alarm {
 public:
  Alarm(World* world, std::function<void()> act) : world_(world), act_(std::move(act)) {}

  // `due_us`: by the world's clock; session::kNever: not at all.
  void Set(TimeUs due_us) {
    if (due_us == due_us_) return;
    due_us_ = due_us;
    const uint64_t setting = ++settings_;
    if (due_us == session::kNever) return;
    world_->After(due_us > world_->now_us() ? due_us - world_->now_us() : 0, [this, setting] {
      if (setting != settings_) return;
      due_us_ = session::kNever;
      act_();
    });
  }

 private:
  World* world_;
  std::function<void()> act_;
  TimeUs due_us_ = session::kNever;
  uint64_t settings_ = 0;
};

}  // namespace rpc::simulation
