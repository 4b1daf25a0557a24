// The one source of chance in a simulation: the same seed gives the same numbers on every machine.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rpc::simulation {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15); }

  // From 0 to below `limit`; 0 when that is 0.
  uint64_t Below(uint64_t limit) { return limit == 0 ? 0 : Next() % limit; }

  // Both ends are possible.
  uint64_t Between(uint64_t least, uint64_t most) { return least + Below(most - least + 1); }

  // From 0 to `most`, each order of magnitude as likely as the others: for sizes and durations.
  uint64_t Spread(uint64_t most) {
    int bits = 0;
    while (bits < 63 && (uint64_t{1} << bits) <= most) ++bits;
    const uint64_t limit = uint64_t{1} << Below(bits + 1);
    return std::min(most, Below(limit));
  }

  bool Percent(uint32_t chance) { return Below(100) < chance; }

  // A stream of chance of its own, so that drawing more here leaves the rest as it was.
  Random Fork() { return Random(Next()); }

  // Spreads every bit of `value` over all bits of the result.
  static uint64_t Mix(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace rpc::simulation
