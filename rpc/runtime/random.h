// Chance, for pauses that are not to fall together.
#pragma once

#include <cstdint>
#include <random>

namespace rpc::runtime {

// Evenly from [first, last]. REQUIRES: first <= last
inline uint64_t RandomBetween(uint64_t first, uint64_t last) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_int_distribution<uint64_t>(first, last)(generator);
}

}  // namespace rpc::runtime
