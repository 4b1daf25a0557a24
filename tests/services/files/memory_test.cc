// A large file takes no more memory than a small one.
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tests/services/files/files_fixture.h"

namespace files {
namespace {

constexpr uint64_t kSize = 256 << 20;

// Windows on both sides, pieces, and what an allocator keeps of them.
constexpr int64_t kGrowthMaxKiB = 48 << 10;

// The most that this process has ever had in memory.
int64_t PeakKiB() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// The file has holes, so that the disk has none of it.
class MemoryTest : public FilesTest {
 protected:
  void MakeFile(const std::string& path, uint64_t size) {
    WriteFile(path, "x");
    std::filesystem::resize_file(path, size);
  }
};

TEST_F(MemoryTest, ALargeFileIsMovedInConstantMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer holds back memory that was freed";
#endif
  MakeFile(Here("small"), 8 << 20);
  MakeFile(Here("large"), kSize);
  ASSERT_EQ(Put("small", "small"), absl::OkStatus());
  ASSERT_EQ(Get("small", "small2"), absl::OkStatus());
  const int64_t before = PeakKiB();
  ASSERT_EQ(Put("large", "large"), absl::OkStatus());
  ASSERT_EQ(Get("large", "large2"), absl::OkStatus());
  EXPECT_EQ(std::filesystem::file_size(Here("large2")), kSize);
  std::printf("peak: %d KiB before, %d KiB after\n", static_cast<int>(before),
              static_cast<int>(PeakKiB()));
  EXPECT_LT(PeakKiB() - before, kGrowthMaxKiB);
}

}  // namespace
}  // namespace files
