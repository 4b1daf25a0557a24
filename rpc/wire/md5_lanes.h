// The inside of MD5: what the backends share with the code that hands them their blocks. Users
// include rpc/wire/md5.h.
//
// A body is hashed in blocks of 64 bytes, the last of which ends with the body's size. Each of the
// 64 steps of a block needs the step before, and each block the state that the block before left
// behind, so one body keeps a core waiting. A kernel hashes one block of several bodies at once:
// lane i of its vectors belongs to body i.
//
// Lanes change their bodies from one call of a kernel to the next, so the state of a body lives in
// memory, in the form of a digest and in the place of the digest: 16 bytes, to begin with
// kInitialState, in the end the result.
//
// Functions without state of their own, for any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rpc/wire/md5.h"

namespace rpc::wire::md5 {

inline constexpr size_t kBlockSize = 64;

using Block = std::array<uint8_t, kBlockSize>;

// The last block holds this many bytes of the body at most: 0x80 and the size follow.
inline constexpr size_t kLastRestMax = 55;

inline constexpr Md5Digest kInitialState = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                            0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};

// Step i adds word WordOfStep(i) of the block and kAddends[i], and rotates by RotationOfStep(i)
// bits. The addends are not in the header, because as constants of the compiler each would be built
// in a register and spread over a vector, which takes longer than to load it.
extern const std::array<uint32_t, 64> kAddends;

constexpr size_t WordOfStep(size_t step) {
  constexpr size_t kFactors[] = {1, 5, 3, 7};
  constexpr size_t kOffsets[] = {0, 1, 5, 0};
  return (kFactors[step / 16] * step + kOffsets[step / 16]) % 16;
}

constexpr int RotationOfStep(size_t step) {
  constexpr int kRotations[][4] = {
      {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  return kRotations[step / 16][step % 4];
}

// One body by itself: hashes `blocks` blocks at `data`.
void HashBlocks(const uint8_t* data, size_t blocks, uint8_t* state);

// What is left of a body of `size` bytes: its last size % 64 bytes, at `rest`, and the padding.
void HashEnd(const uint8_t* rest, uint64_t size, uint8_t* state);

// Writes the block of a rest that is too long for the last block (size % 64 > kLastRestMax).
void WriteRestBlock(const Md5Job& job, Block* block);

// The most lanes of any kernel.
inline constexpr size_t kLanesMax = 32;

// Hashes `blocks` blocks at data[i] into states[i], for each lane i < lanes. Lanes may share data,
// and a state too if its value is of no use: so idle lanes are filled.
struct Kernel {
  size_t lanes;
  void (*hash_blocks)(const uint8_t* const* data, uint8_t* const* states, size_t blocks);
};

struct Backend {
  std::span<const Kernel> kernels;  // the narrowest, of one lane, first
  void (*write_last_blocks)(std::span<const Md5Job> jobs, Block* blocks);  // one each
};

const Backend& Portable();
#if defined(__x86_64__)
const Backend& Avx2();
const Backend& Avx512();
#endif

const Backend& BackendOf(Md5Backend backend);

}  // namespace rpc::wire::md5
