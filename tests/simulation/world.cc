#include "tests/simulation/world.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rpc::simulation {

World::World(uint64_t seed, Trace trace)
    : trace_(std::move(trace)), random_(Random::Mix(seed)), scenario_(random_.Fork()) {}

void World::After(TimeUs delay_us, std::function<void()> act) {
  events_.push({now_us_ + delay_us, numbers_++, std::move(act)});
}

bool World::Step() {
  if (!complaint_.empty() || events_.empty()) return false;
  Event event = std::move(const_cast<Event&>(events_.top()));
  events_.pop();
  now_us_ = event.at_us;
  ++steps_;
  event.act();
  return complaint_.empty();
}

void World::Complain(const std::string& complaint) {
  if (!complaint_.empty()) return;
  Write("COMPLAINT: " + complaint);
  complaint_ = complaint;
}

void World::Count(const std::string& what, uint64_t amount) {
  counts_[what] += amount;
  Digest(what.size() + amount);
}

void World::Write(const std::string& line) {
  if (trace_ && complaint_.empty())
    trace_(absl::StrFormat("%8d %12.6f  %s", steps_, now_us_ / 1e6, line));
}

}  // namespace rpc::simulation
