// The memory of large strings, given back and taken again.
#include "rpc/wire/large_string.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace rpc::wire {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKept = false;  // so that a string that is used after it was given is found
#else
constexpr bool kKept = true;
#endif

constexpr size_t kMegabyte = 1 << 20;

void Give(size_t size) {
  std::string string(size, 'x');
  GiveLarge(&string);
  EXPECT_TRUE(string.empty());
  EXPECT_LT(string.capacity(), kLargeStringMin);
}

// Each test on a thread of its own: with nothing kept.
template <typename F>
void Fresh(F test) {
  std::thread([&] {
    KeepLarge(16 * kMegabyte);
    test();
  }).join();
}

TEST(LargeString, WhatWasGivenIsTaken) {
  Fresh([] {
    Give(kMegabyte);
    EXPECT_EQ(TakeLarge(kMegabyte).capacity() >= kMegabyte, kKept);
    EXPECT_LT(TakeLarge(kMegabyte).capacity(), kMegabyte);  // it was the only one
  });
}

TEST(LargeString, TheSmallestThatIsLargeEnoughIsTaken) {
  if (!kKept) GTEST_SKIP() << "this build keeps none";
  Fresh([] {
    for (const size_t megabytes : {4, 1, 2}) Give(megabytes * kMegabyte);
    const size_t capacity = TakeLarge(kMegabyte + 1).capacity();
    EXPECT_GE(capacity, 2 * kMegabyte);
    EXPECT_LT(capacity, 4 * kMegabyte);
  });
}

TEST(LargeString, OneThatIsFarTooLargeIsNot) {
  Fresh([] {
    Give(8 * kMegabyte);
    EXPECT_LT(TakeLarge(kLargeStringMin).capacity(), kMegabyte);
    EXPECT_EQ(TakeLarge(4 * kMegabyte).capacity() >= 4 * kMegabyte, kKept);
  });
}

TEST(LargeString, WithoutOneThatIsLargeEnoughTheLargestIsTaken) {
  if (!kKept) GTEST_SKIP() << "this build keeps none";
  Fresh([] {
    Give(kMegabyte);
    Give(2 * kMegabyte);
    EXPECT_GE(TakeLarge(8 * kMegabyte).capacity(), 2 * kMegabyte);
  });
}

TEST(LargeString, SmallOnesAreLeftToMalloc) {
  Fresh([] {
    Give(kLargeStringMin - 2);
    EXPECT_LT(TakeLarge(kLargeStringMin).capacity(), kLargeStringMin - 2);
    Give(kMegabyte);
    EXPECT_LT(TakeLarge(100).capacity(), kMegabyte);
  });
}

TEST(LargeString, NoMoreIsKeptThanTheLimit) {
  Fresh([] {
    for (int i = 0; i < 40; ++i) Give(kMegabyte);
    size_t kept = 0;
    size_t count = 0;
    while (const size_t capacity = TakeLarge(kMegabyte).capacity()) {
      if (capacity < kLargeStringMin) break;
      kept += capacity;
      ++count;
    }
    EXPECT_LE(kept, 16 * kMegabyte);
    EXPECT_LE(count, kLargeStringsKeptMax);
    EXPECT_EQ(count > 0, kKept);
  });
}

TEST(LargeString, AThreadKeepsNothingUntilItIsToldTo) {
  std::thread([] {
    Give(kMegabyte);
    EXPECT_EQ(LargeKept(), 0u);
  }).join();
}

TEST(LargeString, WhatIsKeptIsFreedWhenLessIsToBeKept) {
  if (!kKept) GTEST_SKIP() << "this build keeps none";
  Fresh([] {
    Give(kMegabyte);
    Give(2 * kMegabyte);
    KeepLarge(kMegabyte + kMegabyte / 2);
    EXPECT_GE(LargeKept(), kMegabyte);
    EXPECT_LT(LargeKept(), 2 * kMegabyte);
    KeepLarge(0);
    EXPECT_EQ(LargeKept(), 0u);
  });
}

TEST(LargeString, UsesOfEveryThreadAreSeen) {
  const uint64_t uses = LargeUses();
  Fresh([] { NoteLarge(); });
  EXPECT_EQ(LargeUses() - uses, 1u);
}

TEST(LargeString, AllIsFreedAtOnceAndKeepingGoesOn) {
  Fresh([] {
    const uint64_t uses = LargeUses();
    for (int i = 0; i < 3; ++i) Give(kMegabyte);
    EXPECT_EQ(LargeUses() - uses, kKept ? 3u : 0u);
    FreeLarge();
    EXPECT_EQ(LargeKept(), 0u);
    EXPECT_LT(TakeLarge(kMegabyte).capacity(), kMegabyte);
    Give(kMegabyte);
    EXPECT_EQ(LargeKept() >= kMegabyte, kKept);
  });
}

TEST(LargeString, MayBeGivenWhileAThreadEnds) {
  struct AtTheEnd {
    ~AtTheEnd() { GiveLarge(&string); }
    std::string string = std::string(kMegabyte, 'x');
  };
  Fresh([] {
    thread_local AtTheEnd at_the_end;
    EXPECT_EQ(at_the_end.string.size(), kMegabyte);
    Give(kMegabyte);
  });
}

}  // namespace
}  // namespace rpc::wire
