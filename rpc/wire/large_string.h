// The memory of large strings, used again: pages that are new to a process cost more than copying
// into them does, and malloc gives memory of this size back to the system each time.
//
//   std::string body = TakeLarge(size);
//   body.resize(size);                   // writes nothing where a string of this size was before
//   ...
//   GiveLarge(&body);
//
// Threads: each keeps its own, when it has been told to (KeepLarge), until it ends; a string may be
// given on another thread than took it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rpc::wire {

// Smaller memory is malloc's own business.
inline constexpr size_t kLargeStringMin = 64 << 10;

// What a thread keeps for later, at most.
inline constexpr size_t kLargeStringsKeptMax = 16;

// This thread keeps strings of at most so many bytes all together from now on. At first it keeps
// none. What it has beyond that is freed.
void KeepLarge(size_t size_max);

// Bytes that this thread keeps now.
size_t LargeKept();

// How often memory of this size was used in this process until now: given here, or noted.
uint64_t LargeUses();
void NoteLarge();

// Frees them; what is given from now on is kept as before.
void FreeLarge();

// A string whose contents are anything. Its capacity is from `size` to four times that if there is
// such a one, and otherwise less.
std::string TakeLarge(size_t size);

// Leaves *bytes empty, without memory of its own.
void GiveLarge(std::string* bytes);

}  // namespace rpc::wire
