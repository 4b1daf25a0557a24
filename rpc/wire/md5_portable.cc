// MD5 for every processor: of one body in plain words, and of 4 bodies in a vector, or 8 in two, of
// the compiler's own kind, which is SSE2 on x86-64 and NEON on ARM. And the ends of bodies.
#include <bit>
#include <cstring>
#include <utility>

#include "rpc/wire/md5_lanes.h"

namespace rpc::wire::md5 {

// kAddends[i] = floor(|sin(i + 1)| * 2^32).
constexpr std::array<uint32_t, 64> kAddends = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

namespace {

using Words = uint32_t __attribute__((vector_size(16)));
constexpr size_t kWidth = 4;

// Word is uint32_t or Words.
template <size_t kStep, typename Word>
[[gnu::always_inline]] inline void Step(Word& a, Word b, Word c, Word d, Word message) {
  Word sum = a + (message + kAddends[kStep]);
  // b is the newest value: what needs it comes last.
  if constexpr (kStep < 16) {
    sum += d ^ (b & (c ^ d));
  } else if constexpr (kStep < 32) {
    sum += c & ~d;  // no bit in common with b & d, so that a sum serves for the or
    sum += b & d;
  } else if constexpr (kStep < 48) {
    sum += b ^ (c ^ d);
  } else {
    sum += c ^ (b | ~d);
  }
  constexpr int kRotation = RotationOfStep(kStep);
  a = b + ((sum << kRotation) | (sum >> (32 - kRotation)));
}

// One step of a block, or all of them, of several words or vectors, which take turns: while one
// waits for its last step, the next has its.
template <size_t kStep, size_t kVectors, typename Word>
[[gnu::always_inline]] inline void StepOfAll(Word (&v)[kVectors][4],
                                             const Word (&message)[kVectors][16]) {
  constexpr size_t kA = (64 - kStep) % 4, kB = (kA + 1) % 4, kC = (kA + 2) % 4, kD = (kA + 3) % 4;
  for (size_t k = 0; k < kVectors; ++k) {
    Step<kStep>(v[k][kA], v[k][kB], v[k][kC], v[k][kD], message[k][WordOfStep(kStep)]);
  }
}

template <size_t kVectors, typename Word, size_t... kSteps>
[[gnu::always_inline]] inline void Steps(Word (&v)[kVectors][4],
                                         const Word (&message)[kVectors][16],
                                         std::index_sequence<kSteps...>) {
  (StepOfAll<kSteps>(v, message), ...);
}

uint32_t LoadWord(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return std::endian::native == std::endian::little ? word : __builtin_bswap32(word);
}

void StoreWord(uint32_t word, uint8_t* bytes) {
  if (std::endian::native != std::endian::little) word = __builtin_bswap32(word);
  std::memcpy(bytes, &word, sizeof word);
}

// out[i] = word i of the 16 bytes at rows[0..3] + offset.
[[gnu::always_inline]] inline void LoadTransposed(const uint8_t* const* rows, size_t offset,
                                                  Words* out) {
  Words r[4];
  for (size_t i = 0; i < 4; ++i) std::memcpy(&r[i], rows[i] + offset, sizeof r[i]);
  const Words low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
  const Words high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const Words low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
  const Words high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  out[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  out[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  out[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  out[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

template <size_t kVectors>
void HashLanes(const uint8_t* const* data, uint8_t* const* states, size_t blocks) {
  Words v[kVectors][4];
  for (size_t k = 0; k < kVectors; ++k) LoadTransposed(states + kWidth * k, 0, v[k]);
  for (size_t offset = 0; offset < blocks * kBlockSize; offset += kBlockSize) {
    Words before[kVectors][4], message[kVectors][16];
    for (size_t k = 0; k < kVectors; ++k) {
      for (size_t i = 0; i < 4; ++i) {
        LoadTransposed(data + kWidth * k, offset + 16 * i, message[k] + 4 * i);
        before[k][i] = v[k][i];
      }
    }
    Steps(v, message, std::make_index_sequence<64>());
    for (size_t k = 0; k < kVectors; ++k) {
      for (size_t i = 0; i < 4; ++i) v[k][i] += before[k][i];
    }
  }
  for (size_t lane = 0; lane < kWidth * kVectors; ++lane) {
    for (size_t i = 0; i < 4; ++i) {
      StoreWord(v[lane / kWidth][i][lane % kWidth], states[lane] + 4 * i);
    }
  }
}

void HashOne(const uint8_t* const* data, uint8_t* const* states, size_t blocks) {
  HashBlocks(data[0], blocks, states[0]);
}

// Copies `size` bytes, kSize <= size <= 2 * kSize, as the first kSize and the last kSize.
template <size_t kSize>
[[gnu::always_inline]] inline void CopyFirstAndLast(const uint8_t* from, size_t size, uint8_t* to) {
  std::memcpy(to, from, kSize);
  std::memcpy(to + size - kSize, from + size - kSize, kSize);
}

// The rest of a body, fewer than 64 bytes, and the mark of its end. Copied piece by piece, because
// for so few bytes most of the time of memcpy would be the call.
[[gnu::always_inline]] inline void WriteBlock(const uint8_t* rest, size_t size, uint8_t* block) {
  std::memset(block, 0, kBlockSize);
  if (size >= 32) {
    CopyFirstAndLast<32>(rest, size, block);
  } else if (size >= 16) {
    CopyFirstAndLast<16>(rest, size, block);
  } else if (size >= 8) {
    CopyFirstAndLast<8>(rest, size, block);
  } else if (size >= 4) {
    CopyFirstAndLast<4>(rest, size, block);
  } else if (size > 0) {
    block[0] = rest[0];
    block[size / 2] = rest[size / 2];
    block[size - 1] = rest[size - 1];
  }
  block[size] = 0x80;
}

// The last block of a body of `size` bytes, whose last size % 64 bytes are at `rest`.
[[gnu::always_inline]] inline void WriteLastBlock(const uint8_t* rest, uint64_t size,
                                                  uint8_t* block) {
  const size_t rest_size = size % kBlockSize;
  if (rest_size <= kLastRestMax) {
    WriteBlock(rest, rest_size, block);
  } else {
    std::memset(block, 0, kBlockSize);
  }
  const uint64_t bits = 8 * size;
  StoreWord(static_cast<uint32_t>(bits), block + kBlockSize - 8);
  StoreWord(static_cast<uint32_t>(bits >> 32), block + kBlockSize - 4);
}

const uint8_t* RestOf(const Md5Job& job) {
  return reinterpret_cast<const uint8_t*>(job.data) + job.size / kBlockSize * kBlockSize;
}

void WriteLastBlocks(std::span<const Md5Job> jobs, Block* blocks) {
  for (const Md5Job& job : jobs) WriteLastBlock(RestOf(job), job.size, (blocks++)->data());
}

}  // namespace

void HashBlocks(const uint8_t* data, size_t blocks, uint8_t* state) {
  uint32_t v[1][4];
  for (size_t i = 0; i < 4; ++i) v[0][i] = LoadWord(state + 4 * i);
  for (; blocks > 0; --blocks, data += kBlockSize) {
    uint32_t before[4], message[1][16];
    for (size_t i = 0; i < 4; ++i) before[i] = v[0][i];
    for (size_t i = 0; i < 16; ++i) message[0][i] = LoadWord(data + 4 * i);
    Steps(v, message, std::make_index_sequence<64>());
    for (size_t i = 0; i < 4; ++i) v[0][i] += before[i];
  }
  for (size_t i = 0; i < 4; ++i) StoreWord(v[0][i], state + 4 * i);
}

void HashEnd(const uint8_t* rest, uint64_t size, uint8_t* state) {
  uint8_t block[kBlockSize];
  if (size % kBlockSize > kLastRestMax) {
    WriteBlock(rest, size % kBlockSize, block);
    HashBlocks(block, 1, state);
  }
  WriteLastBlock(rest, size, block);
  HashBlocks(block, 1, state);
}

void WriteRestBlock(const Md5Job& job, Block* block) {
  WriteBlock(RestOf(job), job.size % kBlockSize, block->data());
}

const Backend& Portable() {
  static constexpr Kernel kKernels[] = {
      {1, HashOne}, {kWidth, HashLanes<1>}, {2 * kWidth, HashLanes<2>}};
  // The vectors take words from memory as they are.
  static constexpr size_t kCount = std::endian::native == std::endian::little ? 3 : 1;
  static constexpr Backend kBackend = {std::span(kKernels, kCount), WriteLastBlocks};
  return kBackend;
}

}  // namespace rpc::wire::md5
