// MD5 of 8 bodies in a vector, with AVX2, and of two or three vectors at a time: while one waits
// for its step, the next has its turn.
#include <utility>

#include "rpc/wire/md5_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace rpc::wire::md5 {
namespace {

constexpr size_t kWidth = 8;

template <int kBits>
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i RotatedLeft(__m256i x) {
  return _mm256_or_si256(_mm256_slli_epi32(x, kBits), _mm256_srli_epi32(x, 32 - kBits));
}

// early + late, where early is the sum of what was there first. Left free to choose, gcc adds late
// to one of the parts of early, which makes the chain of steps longer by an addition each.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i AddLast(__m256i early, __m256i late) {
  asm("" : "+x"(early));
  return _mm256_add_epi32(early, late);
}

template <size_t kStep>
[[gnu::target("avx2"), gnu::always_inline]] inline void Step(__m256i& a, __m256i b, __m256i c,
                                                             __m256i d, __m256i message) {
  const __m256i addend = _mm256_set1_epi32(static_cast<int>(kAddends[kStep]));
  __m256i sum = _mm256_add_epi32(a, _mm256_add_epi32(message, addend));
  // b is the newest value: what needs it comes last.
  if constexpr (kStep < 16) {
    sum = AddLast(sum, _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d))));
  } else if constexpr (kStep < 32) {
    // The two have no bit in common, so that a sum serves for the or.
    sum = _mm256_add_epi32(sum, _mm256_andnot_si256(d, c));
    sum = AddLast(sum, _mm256_and_si256(b, d));
  } else if constexpr (kStep < 48) {
    sum = AddLast(sum, _mm256_xor_si256(b, _mm256_xor_si256(c, d)));
  } else {
    const __m256i not_d = _mm256_xor_si256(d, _mm256_set1_epi32(-1));
    sum = AddLast(sum, _mm256_xor_si256(c, _mm256_or_si256(b, not_d)));
  }
  a = _mm256_add_epi32(b, RotatedLeft<RotationOfStep(kStep)>(sum));
}

// One step of a block, or all of them, of several vectors, which take turns: while one waits for
// its last step, the next has its.
template <size_t kStep, size_t kVectors>
[[gnu::target("avx2"), gnu::always_inline]] inline void StepOfAll(
    __m256i (&v)[kVectors][4], const __m256i (&message)[kVectors][16]) {
  constexpr size_t kA = (64 - kStep) % 4, kB = (kA + 1) % 4, kC = (kA + 2) % 4, kD = (kA + 3) % 4;
  for (size_t k = 0; k < kVectors; ++k) {
    Step<kStep>(v[k][kA], v[k][kB], v[k][kC], v[k][kD], message[k][WordOfStep(kStep)]);
  }
}

template <size_t kVectors, size_t... kSteps>
[[gnu::target("avx2"), gnu::always_inline]] inline void Steps(
    __m256i (&v)[kVectors][4], const __m256i (&message)[kVectors][16],
    std::index_sequence<kSteps...>) {
  (StepOfAll<kSteps>(v, message), ...);
}

// Within each half of the registers: rows and columns of 4 x 4 words change places.
[[gnu::target("avx2"), gnu::always_inline]] inline void TransposeWords(__m256i* r) {
  const __m256i low01 = _mm256_unpacklo_epi32(r[0], r[1]);
  const __m256i high01 = _mm256_unpackhi_epi32(r[0], r[1]);
  const __m256i low23 = _mm256_unpacklo_epi32(r[2], r[3]);
  const __m256i high23 = _mm256_unpackhi_epi32(r[2], r[3]);
  r[0] = _mm256_unpacklo_epi64(low01, low23);
  r[1] = _mm256_unpackhi_epi64(low01, low23);
  r[2] = _mm256_unpacklo_epi64(high01, high23);
  r[3] = _mm256_unpackhi_epi64(high01, high23);
}

// message[i] = word i of the 32 bytes at data[0..7] + offset.
[[gnu::target("avx2"), gnu::always_inline]] inline void LoadHalf(const uint8_t* const* data,
                                                                 size_t offset, __m256i* message) {
  __m256i r[8];
  for (size_t i = 0; i < 8; ++i) {
    r[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data[i] + offset));
  }
  TransposeWords(r);
  TransposeWords(r + 4);
  for (size_t i = 0; i < 4; ++i) {
    message[i] = _mm256_permute2x128_si256(r[i], r[4 + i], 0x20);
    message[4 + i] = _mm256_permute2x128_si256(r[i], r[4 + i], 0x31);
  }
}

[[gnu::target("avx2"), gnu::always_inline]] inline __m128i Load(const uint8_t* state) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
}

[[gnu::target("avx2"), gnu::always_inline]] inline void Store(uint8_t* state, __m128i words) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), words);
}

[[gnu::target("avx2"), gnu::always_inline]] inline void LoadStates(uint8_t* const* states,
                                                                   __m256i* v) {
  for (size_t i = 0; i < 4; ++i) v[i] = _mm256_set_m128i(Load(states[4 + i]), Load(states[i]));
  TransposeWords(v);
}

[[gnu::target("avx2"), gnu::always_inline]] inline void StoreStates(__m256i* v,
                                                                    uint8_t* const* states) {
  TransposeWords(v);
  for (size_t i = 0; i < 4; ++i) {
    Store(states[i], _mm256_castsi256_si128(v[i]));
    Store(states[4 + i], _mm256_extracti128_si256(v[i], 1));
  }
}

template <size_t kVectors>
[[gnu::target("avx2")]] void HashLanes(const uint8_t* const* data, uint8_t* const* states,
                                       size_t blocks) {
  __m256i v[kVectors][4];
  for (size_t k = 0; k < kVectors; ++k) LoadStates(states + kWidth * k, v[k]);
  for (size_t offset = 0; offset < blocks * kBlockSize; offset += kBlockSize) {
    __m256i before[kVectors][4], message[kVectors][16];
    for (size_t k = 0; k < kVectors; ++k) {
      LoadHalf(data + kWidth * k, offset, message[k]);
      LoadHalf(data + kWidth * k, offset + 32, message[k] + 8);
      for (size_t i = 0; i < 4; ++i) before[k][i] = v[k][i];
    }
    Steps(v, message, std::make_index_sequence<64>());
    for (size_t k = 0; k < kVectors; ++k) {
      for (size_t i = 0; i < 4; ++i) v[k][i] = _mm256_add_epi32(v[k][i], before[k][i]);
    }
  }
  for (size_t k = 0; k < kVectors; ++k) StoreStates(v[k], states + kWidth * k);
}

}  // namespace

const Backend& Avx2() {
  // A fourth vector leaves too few registers: per body it is slower than three.
  static const Kernel kKernels[] = {Portable().kernels[0],
                                    {kWidth, HashLanes<1>},
                                    {2 * kWidth, HashLanes<2>},
                                    {3 * kWidth, HashLanes<3>}};
  static const Backend kBackend = {kKernels, Portable().write_last_blocks};
  return kBackend;
}

}  // namespace rpc::wire::md5

#endif  // __x86_64__
