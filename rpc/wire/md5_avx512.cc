// MD5 of 16 bodies in a vector, with AVX-512, and of two vectors at a time: while one waits for its
// step, the other has its turn.
#include <utility>

#include "rpc/wire/md5_lanes.h"

#if defined(__x86_64__)
#if !defined(__clang__)
// gcc 12 takes the unset register that its own intrinsics start from for a mistake.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

namespace rpc::wire::md5 {
namespace {

constexpr size_t kWidth = 16;

// The truth table of the function of b, c and d that a step adds: bit 4b + 2c + d is its value.
constexpr int TruthTableOfStep(size_t step) {
  constexpr int kTruthTables[] = {
      0b11001010,  // b ? c : d
      0b11100100,  // d ? b : c
      0b10010110,  // b ^ c ^ d
      0b00111001,  // c ^ (b | ~d)
  };
  return kTruthTables[step / 16];
}

// early + late, where early is the sum of what was there first. Left free to choose, gcc adds late
// to one of the parts of early, which makes the chain of steps longer by an addition each.
[[gnu::target("avx512f"), gnu::always_inline]] inline __m512i AddLast(__m512i early, __m512i late) {
  asm("" : "+v"(early));
  return _mm512_add_epi32(early, late);
}

template <size_t kStep>
[[gnu::target("avx512f"), gnu::always_inline]] inline void Step(__m512i& a, __m512i b, __m512i c,
                                                                __m512i d, __m512i message) {
  const __m512i addend = _mm512_set1_epi32(static_cast<int>(kAddends[kStep]));
  const __m512i sum = _mm512_add_epi32(a, _mm512_add_epi32(message, addend));
  constexpr int kTruthTable = TruthTableOfStep(kStep);
  constexpr int kRotation = RotationOfStep(kStep);
  // b is the newest value: what needs it comes last.
  const __m512i mixed = _mm512_ternarylogic_epi32(b, c, d, kTruthTable);
  a = _mm512_add_epi32(b, _mm512_rol_epi32(AddLast(sum, mixed), kRotation));
}

// One step of a block, or all of them, of several vectors, which take turns: while one waits for
// its last step, the next has its.
template <size_t kStep, size_t kVectors>
[[gnu::target("avx512f"), gnu::always_inline]] inline void StepOfAll(
    __m512i (&v)[kVectors][4], const __m512i (&message)[kVectors][16]) {
  constexpr size_t kA = (64 - kStep) % 4, kB = (kA + 1) % 4, kC = (kA + 2) % 4, kD = (kA + 3) % 4;
  for (size_t k = 0; k < kVectors; ++k) {
    Step<kStep>(v[k][kA], v[k][kB], v[k][kC], v[k][kD], message[k][WordOfStep(kStep)]);
  }
}

template <size_t kVectors, size_t... kSteps>
[[gnu::target("avx512f"), gnu::always_inline]] inline void Steps(
    __m512i (&v)[kVectors][4], const __m512i (&message)[kVectors][16],
    std::index_sequence<kSteps...>) {
  (StepOfAll<kSteps>(v, message), ...);
}

// Within each quarter of the registers: rows and columns of 4 x 4 words change places.
[[gnu::target("avx512f"), gnu::always_inline]] inline void TransposeWords(__m512i* r) {
  const __m512i low01 = _mm512_unpacklo_epi32(r[0], r[1]);
  const __m512i high01 = _mm512_unpackhi_epi32(r[0], r[1]);
  const __m512i low23 = _mm512_unpacklo_epi32(r[2], r[3]);
  const __m512i high23 = _mm512_unpackhi_epi32(r[2], r[3]);
  r[0] = _mm512_unpacklo_epi64(low01, low23);
  r[1] = _mm512_unpackhi_epi64(low01, low23);
  r[2] = _mm512_unpacklo_epi64(high01, high23);
  r[3] = _mm512_unpackhi_epi64(high01, high23);
}

// Quarter j of register i and quarter i of register j change places; the registers are r[0], r[4],
// r[8] and r[12].
[[gnu::target("avx512f"), gnu::always_inline]] inline void TransposeQuarters(__m512i* r) {
  const __m512i even01 = _mm512_shuffle_i32x4(r[0], r[4], 0x88);
  const __m512i odd01 = _mm512_shuffle_i32x4(r[0], r[4], 0xdd);
  const __m512i even23 = _mm512_shuffle_i32x4(r[8], r[12], 0x88);
  const __m512i odd23 = _mm512_shuffle_i32x4(r[8], r[12], 0xdd);
  r[0] = _mm512_shuffle_i32x4(even01, even23, 0x88);
  r[4] = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
  r[8] = _mm512_shuffle_i32x4(even01, even23, 0xdd);
  r[12] = _mm512_shuffle_i32x4(odd01, odd23, 0xdd);
}

// message[i] = word i of the block at data[0..15] + offset. Each block is loaded at once: bodies
// that lie a multiple of 4 KiB apart share one set of the first cache, and all but the latest few
// lines of them are gone when a second load comes.
[[gnu::target("avx512f"), gnu::always_inline]] inline void LoadMessage(const uint8_t* const* data,
                                                                       size_t offset,
                                                                       __m512i* message) {
  for (size_t i = 0; i < 16; ++i) message[i] = _mm512_loadu_si512(data[i] + offset);
  for (size_t i = 0; i < 16; i += 4) TransposeWords(message + i);
  for (size_t i = 0; i < 4; ++i) TransposeQuarters(message + i);
}

[[gnu::target("avx512f"), gnu::always_inline]] inline __m128i Load(const uint8_t* state) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
}

[[gnu::target("avx512f"), gnu::always_inline]] inline void Store(uint8_t* state, __m128i words) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), words);
}

[[gnu::target("avx512f"), gnu::always_inline]] inline void LoadStates(uint8_t* const* states,
                                                                      __m512i* v) {
  for (size_t i = 0; i < 4; ++i) {
    v[i] = _mm512_castsi128_si512(Load(states[i]));
    v[i] = _mm512_inserti32x4(v[i], Load(states[4 + i]), 1);
    v[i] = _mm512_inserti32x4(v[i], Load(states[8 + i]), 2);
    v[i] = _mm512_inserti32x4(v[i], Load(states[12 + i]), 3);
  }
  TransposeWords(v);
}

[[gnu::target("avx512f"), gnu::always_inline]] inline void StoreStates(__m512i* v,
                                                                       uint8_t* const* states) {
  TransposeWords(v);
  for (size_t i = 0; i < 4; ++i) {
    Store(states[i], _mm512_castsi512_si128(v[i]));
    Store(states[4 + i], _mm512_extracti32x4_epi32(v[i], 1));
    Store(states[8 + i], _mm512_extracti32x4_epi32(v[i], 2));
    Store(states[12 + i], _mm512_extracti32x4_epi32(v[i], 3));
  }
}

// Without the address sanitizer: gcc 12's may move the arrays to a stack of its own, which is
// aligned to 32 bytes where they need 64.
template <size_t kVectors>
[[gnu::target("avx512f"), gnu::no_sanitize_address]] void HashLanes(const uint8_t* const* data,
                                                                    uint8_t* const* states,
                                                                    size_t blocks) {
  __m512i v[kVectors][4];
  for (size_t k = 0; k < kVectors; ++k) LoadStates(states + kWidth * k, v[k]);
  for (size_t offset = 0; offset < blocks * kBlockSize; offset += kBlockSize) {
    __m512i before[kVectors][4], message[kVectors][16];
    for (size_t k = 0; k < kVectors; ++k) {
      LoadMessage(data + kWidth * k, offset, message[k]);
      for (size_t i = 0; i < 4; ++i) before[k][i] = v[k][i];
    }
    Steps(v, message, std::make_index_sequence<64>());
    for (size_t k = 0; k < kVectors; ++k) {
      for (size_t i = 0; i < 4; ++i) v[k][i] = _mm512_add_epi32(v[k][i], before[k][i]);
    }
  }
  for (size_t k = 0; k < kVectors; ++k) StoreStates(v[k], states + kWidth * k);
}

// Without a branch, and without a copy of the rest byte by byte: a masked load reads no byte that
// the mask leaves out.
[[gnu::target("avx512f,avx512bw")]] void WriteLastBlocks(std::span<const Md5Job> jobs,
                                                         Block* blocks) {
  for (const Md5Job& job : jobs) {
    const size_t rest = job.size % kBlockSize;
    const __mmask64 end = rest <= kLastRestMax ? uint64_t{1} << rest : 0;
    const __mmask64 body = rest <= kLastRestMax ? end - 1 : 0;
    __m512i block = _mm512_maskz_loadu_epi8(body, job.data + job.size - rest);
    block = _mm512_mask_mov_epi8(block, end, _mm512_set1_epi8(-128));
    const uint64_t bits = 8 * uint64_t{job.size};
    block = _mm512_mask_set1_epi64(block, 0x80, static_cast<long long>(bits));
    _mm512_storeu_si512(blocks++, block);
  }
}

}  // namespace

const Backend& Avx512() {
  // Up to 8 bodies take less time in one vector of 8 lanes than in one of 16.
  static const Kernel kKernels[] = {
      Avx2().kernels[0], Avx2().kernels[1], {kWidth, HashLanes<1>}, {2 * kWidth, HashLanes<2>}};
  static const Backend kBackend = {kKernels, WriteLastBlocks};
  return kBackend;
}

}  // namespace rpc::wire::md5

#endif  // __x86_64__
