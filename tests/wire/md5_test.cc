#include "rpc/wire/md5.h"

// The functions for MD5 alone are the only ones of OpenSSL whose state can be set (see
// EndsWithTheSizeInAllOf64Bits).
#define OPENSSL_SUPPRESS_DEPRECATED
#include <gtest/gtest.h>
#include <openssl/md5.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rpc/wire/md5_lanes.h"

namespace rpc::wire {
namespace {

std::string Hex(const uint8_t* bytes) {
  std::string text;
  for (size_t i = 0; i < 16; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

std::string Hex(const Md5Digest& digest) { return Hex(digest.data()); }

std::string HexOfOpenSsl(std::string_view body) {
  uint8_t digest[16];
  MD5(reinterpret_cast<const uint8_t*>(body.data()), body.size(), digest);
  return Hex(digest);
}

// A body in a heap block of just its size, so that an address sanitizer sees a read of one byte
// before or behind it. Empty, it has no memory at all.
class Body {
 public:
  Body(size_t size, std::mt19937_64& random) : size_(size) {
    if (size > 0) bytes_ = std::make_unique<char[]>(size);
    for (size_t i = 0; i < size; i += 8) {
      const uint64_t word = random();
      std::memcpy(bytes_.get() + i, &word, std::min<size_t>(8, size - i));
    }
  }

  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

using Views = std::vector<std::string_view>;

// The digests are heap blocks of their own, for the same reason.
std::vector<std::string> HexOfBatch(Md5Backend backend, const Views& bodies) {
  std::vector<std::unique_ptr<uint8_t[]>> digests;
  std::vector<Md5Job> jobs;
  for (std::string_view body : bodies) {
    digests.push_back(std::make_unique<uint8_t[]>(16));
    jobs.push_back({body.data(), body.size(), digests.back().get()});
  }
  Md5BatchWith(backend, jobs);
  std::vector<std::string> hex;
  for (const auto& digest : digests) hex.push_back(Hex(digest.get()));
  return hex;
}

void ExpectBatchEqualsOpenSsl(Md5Backend backend, const Views& bodies) {
  const std::vector<std::string> digests = HexOfBatch(backend, bodies);
  for (size_t i = 0; i < bodies.size(); ++i) {
    ASSERT_EQ(digests[i], HexOfOpenSsl(bodies[i]))
        << "body " << i << " of " << bodies.size() << ", of " << bodies[i].size() << " bytes";
  }
}

Views ViewsOf(const std::vector<Body>& bodies) {
  Views views;
  for (const Body& body : bodies) views.push_back(body.view());
  return views;
}

struct Example {
  std::string_view body;
  std::string_view digest;
};

// RFC 1321, A.5.
constexpr Example kExamples[] = {
    {"", "d41d8cd98f00b204e9800998ecf8427e"},
    {"a", "0cc175b9c0f1b6a831c399e269772661"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
     "d174ab98d277d9f5a5611c2c9f419d9f"},
    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
};

TEST(Md5, EqualsTheExamplesOfRfc1321) {
  for (const Example& example : kExamples) EXPECT_EQ(Hex(Md5(example.body)), example.digest);
}

TEST(Md5, EqualsOpenSslForEveryLengthUpTo300) {
  std::mt19937_64 random(1);
  for (size_t size = 0; size <= 300; ++size) {
    const Body body(size, random);
    ASSERT_EQ(Hex(Md5(body.view())), HexOfOpenSsl(body.view())) << size << " bytes";
  }
}

TEST(Md5, BestBackendIsTheLastSupportedOne) {
  EXPECT_TRUE(Md5Supports(Md5Backend::kPortable));
  EXPECT_TRUE(Md5Supports(Md5Best()));
  for (Md5Backend backend : {Md5Backend::kAvx2, Md5Backend::kAvx512}) {
    if (Md5Supports(backend)) {
      EXPECT_GE(Md5Best(), backend);
    }
  }
}

TEST(Md5, BatchWithoutABackendEqualsTheExamplesOfRfc1321) {
  for (const Example& example : kExamples) {
    Md5Digest digests[2];
    const Md5Job jobs[] = {{example.body.data(), example.body.size(), digests[0].data()},
                           {example.body.data(), example.body.size(), digests[1].data()}};
    Md5Batch(jobs);
    for (const Md5Digest& digest : digests) EXPECT_EQ(Hex(digest), example.digest);
  }
}

class Md5BatchTest : public testing::TestWithParam<Md5Backend> {
 protected:
  void SetUp() override {
    if (!Md5Supports(GetParam())) GTEST_SKIP() << "This machine does not support the backend.";
  }

  std::mt19937_64 random_{3};
};

std::string NameOf(const testing::TestParamInfo<Md5Backend>& info) {
  constexpr const char* kNames[] = {"Portable", "Avx2", "Avx512"};
  return kNames[static_cast<size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Backends, Md5BatchTest,
                         testing::Values(Md5Backend::kPortable, Md5Backend::kAvx2,
                                         Md5Backend::kAvx512),
                         NameOf);

TEST_P(Md5BatchTest, DoesNothingForNoJobs) { Md5BatchWith(GetParam(), {}); }

TEST_P(Md5BatchTest, EqualsTheExamplesOfRfc1321) {
  Views bodies;
  for (const Example& example : kExamples) bodies.push_back(example.body);
  const std::vector<std::string> digests = HexOfBatch(GetParam(), bodies);
  for (size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(digests[i], kExamples[i].digest);
}

TEST_P(Md5BatchTest, EqualsOpenSslForEveryLengthUpTo300InBatchesOf1To40) {
  for (size_t size = 0; size <= 300; ++size) {
    std::vector<Body> bodies;
    std::vector<std::string> expected;
    for (size_t count = 1; count <= 40; ++count) {
      bodies.emplace_back(size, random_);
      expected.push_back(HexOfOpenSsl(bodies.back().view()));
      ASSERT_EQ(HexOfBatch(GetParam(), ViewsOf(bodies)), expected) << size << " bytes";
    }
  }
}

TEST_P(Md5BatchTest, EqualsOpenSslForEveryLengthUpTo300InMixedBatchesOf1To40) {
  for (size_t count = 1; count <= 40; ++count) {
    std::vector<size_t> sizes(301);
    for (size_t i = 0; i < sizes.size(); ++i) sizes[i] = i;
    std::shuffle(sizes.begin(), sizes.end(), random_);
    for (size_t first = 0; first < sizes.size(); first += count) {
      std::vector<Body> bodies;
      for (size_t i = first; i < std::min(first + count, sizes.size()); ++i) {
        bodies.emplace_back(sizes[i], random_);
      }
      ASSERT_NO_FATAL_FAILURE(ExpectBatchEqualsOpenSsl(GetParam(), ViewsOf(bodies)));
    }
  }
}

TEST_P(Md5BatchTest, EqualsOpenSslForRandomLengthsUpTo200KB) {
  for (size_t round = 0; round < 12; ++round) {
    std::vector<Body> bodies;
    for (size_t left = 1 + random_() % 70; left > 0; --left) {
      constexpr size_t kSizesMax[] = {64, 300, 5'000, 200'000};
      bodies.emplace_back(random_() % (kSizesMax[random_() % 4] + 1), random_);
    }
    ASSERT_NO_FATAL_FAILURE(ExpectBatchEqualsOpenSsl(GetParam(), ViewsOf(bodies)));
  }
}

TEST_P(Md5BatchTest, EqualsOpenSslForMoreJobsThanFitOneGroup) {
  for (size_t count : {255, 256, 257, 1000}) {
    std::vector<Body> bodies;
    for (size_t i = 0; i < count; ++i) bodies.emplace_back(random_() % 400, random_);
    ASSERT_NO_FATAL_FAILURE(ExpectBatchEqualsOpenSsl(GetParam(), ViewsOf(bodies)));
  }
}

TEST_P(Md5BatchTest, EqualsOpenSslForOneLongBodyAmongShortOnes) {
  for (size_t place : {0, 17, 39}) {
    std::vector<Body> bodies;
    for (size_t i = 0; i < 40; ++i) bodies.emplace_back(i == place ? 100'000 : 65 + i, random_);
    ASSERT_NO_FATAL_FAILURE(ExpectBatchEqualsOpenSsl(GetParam(), ViewsOf(bodies)));
  }
}

// What a message is when it is sent: parts of one piece of memory, one behind the other.
TEST_P(Md5BatchTest, EqualsOpenSslForPartsOfOneBodyAtEveryAlignment) {
  const Body body(64 + 37 * 4096, random_);
  for (size_t offset = 0; offset < 64; ++offset) {
    Views parts;
    for (size_t i = 0; i < 37; ++i) parts.push_back(body.view().substr(offset + 4096 * i, 4096));
    ASSERT_NO_FATAL_FAILURE(ExpectBatchEqualsOpenSsl(GetParam(), parts));
  }
}

// An address sanitizer does not see the loads that leave bytes out by a mask; the processor does.
TEST_P(Md5BatchTest, ReadsNoPageBehindABody) {
  const size_t page_size = sysconf(_SC_PAGESIZE);
  void* pages =
      mmap(nullptr, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  const char* end = static_cast<char*>(pages) + page_size;
  ASSERT_EQ(mprotect(static_cast<char*>(pages) + page_size, page_size, PROT_NONE), 0);
  for (size_t size = 0; size <= 200; ++size) {
    const Views bodies(1 + size % 40, {end - size, size});
    ASSERT_NO_FATAL_FAILURE(ExpectBatchEqualsOpenSsl(GetParam(), bodies));
  }
  munmap(pages, 2 * page_size);
}

// As if `size` bytes had been hashed, of which `rest` are the last size % 64.
std::string EndOfOpenSsl(uint64_t size, std::string_view rest) {
  MD5_CTX context;
  MD5_Init(&context);
  const uint64_t bits = 8 * (size - rest.size());
  context.Nl = static_cast<uint32_t>(bits);
  context.Nh = static_cast<uint32_t>(bits >> 32);
  MD5_Update(&context, rest.data(), rest.size());
  uint8_t digest[16];
  MD5_Final(digest, &context);
  return Hex(digest);
}

constexpr uint64_t kLargeSizes[] = {
    (uint64_t{1} << 29) - 1,  // the last whose size in bits fits 32 bits
    (uint64_t{1} << 29),      (uint64_t{1} << 29) + 1,   (uint64_t{3} << 30) + 55,
    (uint64_t{3} << 30) + 56, (uint64_t{1} << 40) + 777, (uint64_t{1} << 40) - 1,
};

TEST(Md5, EndsWithTheSizeInAllOf64Bits) {
  std::mt19937_64 random(4);
  for (uint64_t size : kLargeSizes) {
    const Body rest(size % 64, random);
    Md5Digest state = md5::kInitialState;
    md5::HashEnd(reinterpret_cast<const uint8_t*>(rest.view().data()), size, state.data());
    EXPECT_EQ(Hex(state), EndOfOpenSsl(size, rest.view())) << size << " bytes";
  }
}

TEST_P(Md5BatchTest, EndsWithTheSizeInAllOf64Bits) {
  for (uint64_t size : kLargeSizes) {
    const Body rest(size % 64, random_);
    // Only the rest of this body has memory.
    const char* rest_data = rest.view().empty() ? "" : rest.view().data();
    const auto data = reinterpret_cast<uintptr_t>(rest_data) - (size - size % 64);
    const Md5Job job = {reinterpret_cast<const char*>(data), size, nullptr};
    md5::Block block;
    Md5Digest state = md5::kInitialState;
    if (size % 64 > md5::kLastRestMax) {
      md5::WriteRestBlock(job, &block);
      md5::HashBlocks(block.data(), 1, state.data());
    }
    md5::BackendOf(GetParam()).write_last_blocks({&job, 1}, &block);
    md5::HashBlocks(block.data(), 1, state.data());
    EXPECT_EQ(Hex(state), EndOfOpenSsl(size, rest.view())) << size << " bytes";
  }
}

}  // namespace
}  // namespace rpc::wire
