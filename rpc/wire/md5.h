// MD5 of frame bodies: of one, and of many at once.
//
//   Md5Digest digest = Md5(body);
//
//   Md5Job jobs[] = {{a.data(), a.size(), digest_of_a}, {b.data(), b.size(), digest_of_b}};
//   Md5Batch(jobs);
//
// One body uses little of a core, because each step of MD5 waits for the one before. Md5Batch
// hashes bodies side by side, up to 32 at a time, so whoever has several at hand (the frames of one
// read, of one write) hands them over together. It pays from the second body on.
//
// MD5 here finds bytes that were changed by accident. It is no defence against an attacker.
//
// Functions may be called by any number of threads. Nothing allocates, and nothing reads a byte
// outside of the bodies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rpc::wire {

using Md5Digest = std::array<uint8_t, 16>;

Md5Digest Md5(std::string_view body);

struct Md5Job {
  const char* data;  // may be null when size is 0
  size_t size;       // bytes
  uint8_t* digest;   // where the 16 bytes go; they overlap no body and no other digest
};

// As many bodies as fill the widest registers: what one message is cut into, so that its parts are
// hashed side by side.
inline constexpr size_t kMd5Lanes = 16;

// Any number of jobs, of any mix of sizes. The batch goes through the jobs 256 at a time.
void Md5Batch(std::span<const Md5Job> jobs);

// What Md5Batch is made of.
enum class Md5Backend {
  kPortable,
  kAvx2,
  kAvx512,
};

// Does this machine have it, processor and system?
bool Md5Supports(Md5Backend backend);

// The fastest that it has: what Md5Batch uses.
Md5Backend Md5Best();

// For tests and benchmarks. The machine supports `backend`.
void Md5BatchWith(Md5Backend backend, std::span<const Md5Job> jobs);

}  // namespace rpc::wire
