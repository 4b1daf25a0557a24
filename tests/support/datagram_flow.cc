#include "tests/support/datagram_flow.h"

#include <utility>

namespace rpc {

void DatagramFlow::Put(std::string datagram, uint64_t now_us) {
  ++counts_.came;
  // Always the same draws, so that one kind of fault does not change what becomes of another.
  const bool is_lost = Happens(faults.loss, &counts_.lost);
  uint64_t none = 0;
  const bool is_corrupted =
      Happens(faults.corruption, is_lost || datagram.empty() ? &none : &counts_.corrupted);
  const bool is_duplicated = Happens(faults.duplicates, is_lost ? &none : &counts_.duplicated);
  const bool is_late = Happens(faults.reordering, is_lost ? &none : &counts_.reordered);
  const uint64_t bit = random_();
  if (is_lost) return;
  if (is_corrupted && !datagram.empty()) FlipBit(&datagram, bit);
  if (is_duplicated) held_.emplace(Arrival(now_us), datagram);
  held_.emplace(Arrival(now_us) + (is_late ? faults.reorder_us : 0), std::move(datagram));
}

std::optional<std::string> DatagramFlow::Take(uint64_t now_us) {
  if (next_us() > now_us) return std::nullopt;
  std::string datagram = std::move(held_.begin()->second);
  held_.erase(held_.begin());
  return datagram;
}

bool DatagramFlow::Happens(double rate, uint64_t* count) {
  const double draw = static_cast<double>(random_() >> 11) * 0x1p-53;
  if (draw >= rate) return false;
  ++*count;
  return true;
}

uint64_t DatagramFlow::Arrival(uint64_t now_us) {
  const uint64_t jitter_us = random_() % (faults.jitter_us + 1);
  return now_us + faults.delay_us + jitter_us;
}

void DatagramFlow::FlipBit(std::string* datagram, uint64_t draw) {
  char& byte = (*datagram)[draw / 8 % datagram->size()];
  byte = static_cast<char>(byte ^ (1 << draw % 8));
}

}  // namespace rpc
