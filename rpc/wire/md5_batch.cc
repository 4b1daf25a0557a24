// Md5Batch: which body is hashed when, and in which lane.
#include <algorithm>
#include <bit>
#include <cstring>

#include "rpc/wire/md5.h"
#include "rpc/wire/md5_lanes.h"

namespace rpc::wire {
namespace md5 {
namespace {

constexpr size_t kGroupMax = 256;  // a job's number in its group is a byte

// What a kernel is to hash: lanes [0, count).
struct Lanes {
  size_t count = 0;
  std::array<const uint8_t*, kLanesMax> data;
  std::array<uint8_t*, kLanesMax> states;

  void Add(const uint8_t* lane_data, uint8_t* lane_state) {
    data[count] = lane_data;
    states[count] = lane_state;
    ++count;
  }
};

// At most kGroupMax jobs: so few that all lists about them are arrays on the stack. A body is
// hashed in up to three parts, each part together with the same part of the other bodies: its whole
// blocks, the block of a rest too long for the last block, and the last block.
class Group {
 public:
  Group(const Backend& backend, std::span<const Md5Job> jobs)
      : backend_(backend), width_(backend.kernels.back().lanes), jobs_(jobs) {}

  void Hash() {
    Begin();
    // Without a queue for the lanes, or with equal bodies, any order is as good.
    if (whole_count_ > width_ && shortest_ < longest_) SortLongestFirst();
    HashWholeBlocks();
    HashLongRests();
    HashLastBlocks();
  }

 private:
  // First states, and lists of the jobs that have the first part and the second.
  void Begin() {
    for (size_t i = 0; i < jobs_.size(); ++i) {
      const size_t size = jobs_[i].size;
      std::memcpy(jobs_[i].digest, kInitialState.data(), kInitialState.size());
      if (size >= kBlockSize) {
        whole_[whole_count_++] = i;
        shortest_ = std::min(shortest_, size / kBlockSize);
        longest_ = std::max(longest_, size / kBlockSize);
      }
      long_rests_[long_rests_count_] = i;
      long_rests_count_ += size % kBlockSize > kLastRestMax;
    }
  }

  // So that the lanes become idle at about the same time. A counting sort: bodies in the same
  // bucket stay in any order.
  void SortLongestFirst() {
    const size_t first = BucketOf(longest_), last = BucketOf(shortest_);
    std::array<uint16_t, kBuckets> position;
    std::fill(position.begin() + last, position.begin() + first + 1, 0);
    for (size_t i = 0; i < whole_count_; ++i) ++position[BucketOf(BlocksOf(whole_[i]))];
    size_t total = 0;
    for (size_t bucket = first + 1; bucket-- > last;) {
      total += position[bucket];
      position[bucket] = total - position[bucket];
    }
    const auto unsorted = whole_;
    for (size_t i = 0; i < whole_count_; ++i) {
      whole_[position[BucketOf(BlocksOf(unsorted[i]))]++] = unsorted[i];
    }
  }

  // Every lane whose body is through gets the next one. When there is none, the last lane moves in,
  // so that the busy lanes are always the first.
  void HashWholeBlocks() {
    Lanes lanes;
    std::array<size_t, kLanesMax> ends;  // the value of `now` at which a lane's body is through
    size_t now = 0;                      // blocks hashed in every lane so far
    size_t next = 0;                     // in whole_
    const auto fill = [&](size_t lane) {
      const size_t job = whole_[next++];
      lanes.data[lane] = reinterpret_cast<const uint8_t*>(jobs_[job].data);
      lanes.states[lane] = jobs_[job].digest;
      ends[lane] = now + BlocksOf(job);
    };
    while (lanes.count < std::min(width_, whole_count_)) fill(lanes.count++);
    while (lanes.count > 0) {
      const size_t blocks = *std::min_element(ends.begin(), ends.begin() + lanes.count) - now;
      Run(lanes, blocks);
      now += blocks;
      for (size_t i = 0; i < lanes.count; ++i) lanes.data[i] += blocks * kBlockSize;
      for (size_t i = 0; i < lanes.count;) {
        if (ends[i] > now) {
          ++i;
        } else if (next < whole_count_) {
          fill(i++);
        } else {
          --lanes.count;
          lanes.data[i] = lanes.data[lanes.count];
          lanes.states[i] = lanes.states[lanes.count];
          ends[i] = ends[lanes.count];
        }
      }
    }
  }

  void HashLongRests() {
    alignas(kBlockSize) std::array<Block, kLanesMax> blocks;
    Lanes lanes;
    for (size_t i = 0; i < long_rests_count_; ++i) {
      const Md5Job& job = jobs_[long_rests_[i]];
      Block* block = &blocks[lanes.count];
      WriteRestBlock(job, block);
      lanes.Add(block->data(), job.digest);
      if (lanes.count == width_ || i + 1 == long_rests_count_) {
        Run(lanes, 1);
        lanes.count = 0;
      }
    }
  }

  void HashLastBlocks() {
    alignas(kBlockSize) std::array<Block, kLanesMax> blocks;
    for (auto left = jobs_; !left.empty();) {
      const auto jobs = left.first(std::min(left.size(), width_));
      left = left.subspan(jobs.size());
      backend_.write_last_blocks(jobs, blocks.data());
      Lanes lanes;
      for (const Md5Job& job : jobs) lanes.Add(blocks[lanes.count].data(), job.digest);
      Run(lanes, 1);
    }
  }

  // Takes the narrowest kernel that has room, even if most of its lanes are idle. Measured, a block
  // takes 79 ns in 1 lane, 101 in 8, 118 in 16, 174 in 32 (the figures of the other kernels are in
  // between): so for any number of bodies one kernel is faster than two narrower ones in turn, and
  // the code for one body is for one body only.
  void Run(Lanes& lanes, size_t blocks) {
    const Kernel* kernel = backend_.kernels.data();
    while (kernel->lanes < lanes.count) ++kernel;
    Md5Digest unused = kInitialState;
    for (size_t i = lanes.count; i < kernel->lanes; ++i) {
      lanes.data[i] = lanes.data[0];
      lanes.states[i] = unused.data();
    }
    kernel->hash_blocks(lanes.data.data(), lanes.states.data(), blocks);
  }

  size_t BlocksOf(size_t job) const { return jobs_[job].size / kBlockSize; }

  // Counts below 16 have a bucket each; above, those that are as long in binary digits and begin
  // with the same four share one. Larger counts have larger buckets.
  static size_t BucketOf(size_t blocks) {
    const size_t shift = std::max<size_t>(std::bit_width(blocks), 4) - 4;
    return 8 * shift + (blocks >> shift);
  }
  static constexpr size_t kBuckets = 8 * 60 + 16;

  const Backend& backend_;
  const size_t width_;  // lanes of the widest kernel
  const std::span<const Md5Job> jobs_;

  size_t whole_count_ = 0;
  std::array<uint8_t, kGroupMax> whole_;      // the jobs that have whole blocks,
  size_t shortest_ = SIZE_MAX, longest_ = 0;  // and of how many blocks they are
  size_t long_rests_count_ = 0;
  std::array<uint8_t, kGroupMax> long_rests_;  // the jobs whose rest is longer than kLastRestMax
};

}  // namespace

const Backend& BackendOf([[maybe_unused]] Md5Backend backend) {
#if defined(__x86_64__)
  if (backend == Md5Backend::kAvx512) return Avx512();
  if (backend == Md5Backend::kAvx2) return Avx2();
#endif
  return Portable();
}

}  // namespace md5

bool Md5Supports(Md5Backend backend) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (backend == Md5Backend::kAvx2) return __builtin_cpu_supports("avx2");
  if (backend == Md5Backend::kAvx512) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw");
  }
#endif
  return backend == Md5Backend::kPortable;
}

Md5Backend Md5Best() {
  static const Md5Backend best = Md5Supports(Md5Backend::kAvx512) ? Md5Backend::kAvx512
                                 : Md5Supports(Md5Backend::kAvx2) ? Md5Backend::kAvx2
                                                                  : Md5Backend::kPortable;
  return best;
}

void Md5BatchWith(Md5Backend backend, std::span<const Md5Job> jobs) {
  while (!jobs.empty()) {
    const auto group = jobs.first(std::min(jobs.size(), md5::kGroupMax));
    md5::Group(md5::BackendOf(backend), group).Hash();
    jobs = jobs.subspan(group.size());
  }
}

void Md5Batch(std::span<const Md5Job> jobs) {
  if (jobs.size() != 1) return Md5BatchWith(Md5Best(), jobs);
  // In no lanes, so without what it takes to fill them: one call at a time is the rule.
  const Md5Digest digest = Md5({jobs[0].data, jobs[0].size});
  std::memcpy(jobs[0].digest, digest.data(), digest.size());
}

}  // namespace rpc::wire
