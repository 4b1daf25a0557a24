#include "services/health/health_states.h"

namespace health {

void HealthStates::Set(std::string_view name, bool serving) {
  std::lock_guard lock(mutex_);
  serving_[std::string(name)] = serving;
  for (rpc::Bell* bell : bells_) bell->Ring();
}

bool HealthStates::serving(std::string_view name) const {
  std::lock_guard lock(mutex_);
  return Is("") && Is(name);
}

bool HealthStates::Is(std::string_view name) const {
  const auto found = serving_.find(name);
  return found == serving_.end() || found->second;
}

bool HealthStates::Knows(std::string_view name) const {
  std::lock_guard lock(mutex_);
  return serving_.contains(name);
}

std::vector<std::string> HealthStates::names() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, serving] : serving_) names.push_back(name);
  return names;
}

HealthStates::Watcher::Watcher(HealthStates* states) : states_(states) {
  std::lock_guard lock(states_->mutex_);
  states_->bells_.insert(&bell_);
}

HealthStates::Watcher::~Watcher() {
  std::lock_guard lock(states_->mutex_);
  states_->bells_.erase(&bell_);
}

}  // namespace health
