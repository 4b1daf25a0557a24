// What a bad network may be, by name, and what came of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ledger {

enum class Fault : uint8_t {
  kFair,
  kDelay,
  kThrottle,
  kCutEach,   // connections, each somewhere
  kCutAfter,  // connections, in one direction, all after as many bytes
  kCorrupt,
  kHalfClose,
  kClose,
  kBlackHole,
  kLoss,
  kDuplicates,
  kReordering,
};

inline constexpr size_t kFaultCount = 12;

inline constexpr Fault kStreamFaults[] = {Fault::kDelay,    Fault::kThrottle, Fault::kCutEach,
                                          Fault::kCutAfter, Fault::kCorrupt,  Fault::kHalfClose,
                                          Fault::kClose,    Fault::kBlackHole};
inline constexpr Fault kDatagramFaults[] = {Fault::kDelay, Fault::kBlackHole, Fault::kLoss,
                                            Fault::kDuplicates, Fault::kReordering};

// delay, cut each, black hole, ...
std::string_view NameOf(Fault fault);

// Whether connections may come to an end of it. Flipped bits: with TLS every one of them, and
// without it one in the body of a HELLO.
bool EndsConnections(Fault fault);

// What the network of one way was, and did.
struct WeatherReport {
  std::array<uint64_t, kFaultCount> times = {};  // it became so; datagrams: several at once
  uint64_t connections_cut = 0;                  // or closed, or half closed
  uint64_t bytes_corrupted = 0;
  uint64_t datagrams_lost = 0;
  uint64_t datagrams_duplicated = 0;
  uint64_t datagrams_reordered = 0;
  // Calls that began and ended in the same weather, one that slows or stops them: those that it
  // did, and those that were answered sooner than can be.
  uint64_t calls_held_up = 0;
  uint64_t calls_too_quick = 0;

  uint64_t times_of(Fault fault) const { return times[static_cast<size_t>(fault)]; }
  // 12 fair, 3 delay, 1 close; 5 connections cut, 20 calls held up
  std::string Text() const;
};

}  // namespace ledger
