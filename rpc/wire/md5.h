// MD5 of frame bodies: of one, of many at once, and of a body that comes in pieces.
//
//   Md5Digest digest = Md5(body);
//
//   Md5Job jobs[] = {{a.data(), a.size(), digest_of_a}, {b.data(), b.size(), digest_of_b}};
//   Md5Batch(jobs);
//
//   Md5Stream stream;
//   while (Read(&piece)) stream.Update(piece);
//   Md5Digest digest = stream.Finish();
//
// One body uses little of a core, because each step of MD5 waits for the one before. Md5Batch
// hashes bodies side by side, up to 32 at a time, so whoever has several at hand (the frames of one
// read, of one write) hands them over together. It pays from the second body on.
//
// MD5 here finds bytes that were changed by accident. It is no defence against an attacker.
//
// Functions may be called by any number of threads; a stream belongs to one at a time. Nothing
// allocates, and nothing reads a byte outside of the bodies.
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

// The MD5 of the pieces given to Update, one after the other.
class Md5Stream {
 public:
  Md5Stream();

  void Update(std::string_view piece);

  // The digest of all pieces so far. The stream is then as new.
  Md5Digest Finish();

 private:
  Md5Digest state_;               // after the whole blocks so far
  uint64_t size_ = 0;             // bytes so far
  std::array<uint8_t, 64> rest_;  // begins with the size_ % 64 bytes that are no whole block yet
};

}  // namespace rpc::wire
