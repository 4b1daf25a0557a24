// Datagrams of one client in one direction, on their way through a DatagramProxy: which of them
// arrive, when, how often and in what shape. No sockets; time is passed in.
//
//     flow.Put(datagram, now_us);
//     while (std::optional<std::string> datagram = flow.Take(now_us)) Send(*datagram);
//     Wait(flow.next_us());
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>

namespace rpc {

// Rates are from 0 to 1, of all datagrams; each is drawn by itself.
struct DatagramFaults {
  double loss = 0;
  // Arrive twice.
  double duplicates = 0;
  // Let later ones pass for up to `reorder_us`.
  double reordering = 0;
  uint64_t reorder_us = 20'000;
  // Have one bit flipped.
  double corruption = 0;
  // Each arrives so much later, and by up to `jitter_us` more, in which later ones may pass.
  uint64_t delay_us = 0;
  uint64_t jitter_us = 0;
};

// What has happened.
struct DatagramCounts {
  uint64_t came = 0;
  uint64_t lost = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;  // that others may pass
  uint64_t corrupted = 0;
};

class DatagramFlow {
 public:
  explicit DatagramFlow(uint64_t seed) : random_(seed) {}

  DatagramFaults faults = {};

  void Put(std::string datagram, uint64_t now_us);
  // One that is to arrive by now.
  std::optional<std::string> Take(uint64_t now_us);
  // When the next is to arrive; UINT64_MAX when none is on its way.
  uint64_t next_us() const { return held_.empty() ? UINT64_MAX : held_.begin()->first; }

  const DatagramCounts& counts() const { return counts_; }

 private:
  bool Happens(double rate, uint64_t* count);
  uint64_t Arrival(uint64_t now_us);
  static void FlipBit(std::string* datagram, uint64_t draw);

  std::mt19937_64 random_;
  std::multimap<uint64_t, std::string> held_;  // by arrival
  DatagramCounts counts_ = {};
};

}  // namespace rpc
