#include "rpc/wire/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <cstdint>
#include <random>
#include <string>

#include "rpc/wire/limits.h"
#include "tests/wire/zstd_frames.h"

namespace rpc::wire {
namespace {

using std::string_literals::operator""s;
using absl::StatusCode;
using testing::HasSubstr;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kWindowMax = uint64_t{1} << kZstdWindowLogMax;

std::string RandomBytes(size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string Records(size_t size) {
  std::string text;
  for (uint64_t i = 0; text.size() < size; ++i) {
    text += "name: user" + std::to_string(i * i % 1009) + "\n";
  }
  text.resize(size);
  return text;
}

std::string Compressed(std::string_view body) {
  Compressor compressor;
  std::string frame;
  compressor.Compress(body, &frame);
  return frame;
}

absl::Status Expand(std::string_view frame, uint64_t size_max = kMiB) {
  Expander expander;
  std::string out = "before";
  const absl::Status status = expander.Expand(frame, size_max, &out);
  EXPECT_EQ(out.substr(0, 6), "before");
  if (!status.ok()) {
    EXPECT_EQ(out, "before");
  }
  return status;
}

std::string Sentence(std::string_view frame, uint64_t size_max = kMiB) {
  return std::string(Expand(frame, size_max).message());
}

TEST(Compression, ExpandsToWhatWasCompressed) {
  Compressor compressor;
  Expander expander;
  for (size_t size : {0u, 1u, 100u, 16'383u, 16'384u, 16'385u, 100'000u, 1'048'576u, 9'000'000u}) {
    for (const std::string& body : {std::string(size, 'x'), Records(size), RandomBytes(size)}) {
      std::string frame, out;
      compressor.Compress(body, &frame);
      const absl::Status status = expander.Expand(frame, size, &out);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_TRUE(out == body) << size;
    }
  }
}

TEST(Compression, CompressesRecordsToLessThanHalf) {
  EXPECT_LT(Compressed(Records(65'536)).size(), 65'536u / 2);
}

TEST(Compression, WritesOneFrameThatAnnouncesItsSize) {
  for (size_t size : {0u, 1u, 300u, 70'000u, 5'000'000u}) {
    const std::string frame = Compressed(Records(size));
    EXPECT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), size);
    EXPECT_EQ(ZSTD_findFrameCompressedSize(frame.data(), frame.size()), frame.size());
  }
}

TEST(Compression, BothAppend) {
  Compressor compressor;
  std::string frame = "before";
  compressor.Compress("body", &frame);
  ASSERT_EQ(frame.substr(0, 6), "before");
  Expander expander;
  std::string out = "start ";
  ASSERT_TRUE(expander.Expand(frame.substr(6), 4, &out).ok());
  EXPECT_EQ(out, "start body");
}

TEST(Compression, ReadsFramesOfOtherWriters) {
  for (bool announce : {false, true}) {
    for (bool checksum : {false, true}) {
      for (uint64_t size : {0u, 1u, 16'384u, 3'000'000u}) {
        const std::string frame = Streamed(size, 'x', {announce, checksum, kZstdWindowLogMax});
        Expander expander;
        std::string out;
        const absl::Status status = expander.Expand(frame, size, &out);
        EXPECT_TRUE(status.ok()) << status;
        EXPECT_TRUE(out == std::string(size, 'x')) << size;
      }
    }
  }
  EXPECT_TRUE(Expand(WindowFrame(10, 0, "abc")).ok());
  EXPECT_TRUE(Expand(SingleSegmentFrame(3, "abc")).ok());
}

// The library's ways to expand differ about it: at once it is an error, as a stream it is nothing.
TEST(Compression, TakesACompressedBlockOfNoBytesForNothing) {
  std::string out;
  const absl::Status status =
      Expander().Expand("\x28\xB5\x2F\xFD\x00\x68\x05\x00\x00"s, 1024, &out);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(out, "");
}

TEST(Compression, ExpandsToItsLimitAndNoByteFurther) {
  for (bool announce : {false, true}) {
    for (uint64_t size : {1u, 16'384u, 100'000u, 1'048'576u}) {
      const std::string frame = Streamed(size, 'x', {.announce = announce});
      EXPECT_TRUE(Expand(frame, size).ok());
      EXPECT_TRUE(Expand(frame, UINT64_MAX).ok());
      EXPECT_EQ(Expand(frame, size - 1).code(), StatusCode::kResourceExhausted);
      EXPECT_EQ(Expand(frame, size / 2).code(), StatusCode::kResourceExhausted);
      EXPECT_EQ(Expand(frame, 0).code(), StatusCode::kResourceExhausted);
    }
  }
}

TEST(Compression, SaysTheSizeAndTheLimit) {
  const std::string announced = Streamed(1000, 'x', {.announce = true});
  EXPECT_EQ(Sentence(announced, 999),
            "compressed message of " + std::to_string(announced.size()) +
                " bytes expands to 1000 bytes, which is above the limit of 999 bytes");
  const std::string unannounced = Streamed(1000, 'x');
  EXPECT_EQ(Sentence(unannounced, 999), "compressed message of " +
                                            std::to_string(unannounced.size()) +
                                            " bytes expands to more than the limit of 999 bytes");
}

TEST(Compression, ABombTakesNoMoreMemoryThanTheLimitAllows) {
  for (bool announce : {false, true}) {
    const std::string bomb = Streamed(1 << 30, '\0', {.announce = announce});
    ASSERT_LT(bomb.size(), 200'000u);
    Expander expander;
    std::string out = "before";
    EXPECT_EQ(expander.Expand(bomb, kMiB, &out).code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(out, "before");
    EXPECT_LT(out.capacity(), 2 * kMiB + 100);
  }
}

TEST(Compression, AnAnnouncedSizeIsNotTakenOnTrust) {
  Expander expander;
  std::string out;
  EXPECT_EQ(expander.Expand(AnnouncedWindowFrame(20, 1 << 30, "abc"), 1 << 30, &out).code(),
            StatusCode::kDataLoss);
  EXPECT_LT(out.capacity(), 100'000u);
  for (uint8_t announced : {0, 1, 2, 4, 255}) {
    EXPECT_EQ(Expand(SingleSegmentFrame(announced, "abc")).code(), StatusCode::kDataLoss);
  }
  const std::string long_bytes(100'000, 'x');
  EXPECT_EQ(Expand(AnnouncedWindowFrame(20, 20'000, long_bytes)).code(), StatusCode::kDataLoss);
}

TEST(Compression, RefusesAWindowAboveTheLimit) {
  EXPECT_TRUE(Expand(WindowFrame(kZstdWindowLogMax, 0, "abc")).ok());
  EXPECT_TRUE(Expand(AnnouncedWindowFrame(kZstdWindowLogMax, 3, "abc")).ok());
  EXPECT_TRUE(
      Expand(Streamed(kWindowMax, 'x', {.announce = true, .window_log = 24}), 1 << 30).ok());
  for (const std::string& frame :
       {WindowFrame(kZstdWindowLogMax, 1, "abc"), WindowFrame(24, 0, "abc"),
        WindowFrame(41, 7, "abc"), AnnouncedWindowFrame(24, 3, "abc"),
        Streamed(kWindowMax + 1, 'x', {.announce = true, .window_log = 24}),
        Streamed(32 * kMiB, 'x', {.window_log = 24})}) {
    EXPECT_EQ(Expand(frame, 1 << 30).code(), StatusCode::kDataLoss);
    EXPECT_THAT(Sentence(frame, 1 << 30),
                HasSubstr("asks for a zstd window above the limit of 8388608 bytes"));
  }
}

std::string DataLoss(std::string_view frame) {
  EXPECT_EQ(Expand(frame).code(), StatusCode::kDataLoss);
  return Sentence(frame);
}

TEST(Compression, RefusesWhatIsNoZstdFrame) {
  EXPECT_EQ(DataLoss(""), "compressed message of 0 bytes is no zstd frame");
  for (const std::string& bytes : {
           "hello"s, "\x28"s, "\x28\xB5\x2F"s, std::string(100, '\0'),
           "\x1F\x8B\x08\x00\x00\x00"s,                            // gzip
           "\x50\x2A\x4D\x18\x00\x00\x00\x00"s,                    // a skippable frame
           "\x50\x2A\x4D\x18\x00\x00\x00\x00"s + Compressed("x"),  // before a frame
           "\x27\xB5\x2F\xFD"s + Compressed("x").substr(4),        // zstd 0.7
       }) {
    EXPECT_THAT(DataLoss(bytes), HasSubstr("is no zstd frame"));
  }
}

TEST(Compression, RefusesAFrameThatIsCutOff) {
  for (bool announce : {false, true}) {
    const std::string frame = Streamed(100'000, 'x', {announce, true});
    for (size_t size = 0; size < frame.size(); ++size) DataLoss(frame.substr(0, size));
    EXPECT_THAT(DataLoss(frame.substr(0, frame.size() - 1)),
                HasSubstr("ends in the middle of its zstd frame"));
  }
  const std::string random = Compressed(RandomBytes(300'000));
  for (size_t size = 0; size < random.size(); size += 9973) DataLoss(random.substr(0, size));
}

TEST(Compression, RefusesWhatFollowsTheFrame) {
  for (const std::string& body : {""s, "x"s, std::string(300'000, 'x'), RandomBytes(300'000)}) {
    const std::string frame = Compressed(body);
    EXPECT_THAT(DataLoss(frame + "\0"s), HasSubstr("has 1 bytes after the end of its zstd frame"));
    EXPECT_THAT(DataLoss(frame + frame), HasSubstr("after the end of its zstd frame"));
    EXPECT_THAT(DataLoss(frame + "\x50\x2A\x4D\x18\x00\x00\x00\x00"s), HasSubstr("has 8 bytes"));
  }
}

TEST(Compression, RefusesDamagedFrames) {
  std::string frame = Streamed(1000, 'x', {.checksum = true});
  frame.back() ^= 1;
  EXPECT_THAT(DataLoss(frame), HasSubstr("does not expand: "));
  const std::string magic(kZstdMagic);
  const std::string with_dictionary = magic + "\x21\x07\x03" + RawBlock("abc");
  EXPECT_THAT(DataLoss(with_dictionary), HasSubstr("does not expand: "));
  const std::string reserved_bit = magic + "\x28\x03" + RawBlock("abc");
  EXPECT_THAT(DataLoss(reserved_bit), HasSubstr("does not expand: "));
}

TEST(Compression, EveryChangeOfOneByteExpandsWithinTheLimitOrFails) {
  const std::string frame = Compressed(Records(2000));
  Expander expander;
  for (size_t i = 0; i < frame.size(); ++i) {
    for (int value = 0; value < 256; value += 5) {
      std::string changed = frame;
      changed[i] = static_cast<char>(value);
      std::string out;
      const absl::Status status = expander.Expand(changed, 4000, &out);
      EXPECT_TRUE(status.ok() || out.empty());
      EXPECT_LE(out.size(), 4000u);
    }
  }
}

TEST(Compression, WorksOnAfterAFailure) {
  const std::string good = Compressed("body");
  Expander expander;
  for (const std::string& bad :
       {""s, good.substr(0, good.size() - 1), good + "x", Compressed(std::string(5, 'x')),
        Streamed(100'000, 'x'), WindowFrame(30, 0, "abc"), Streamed(100'000, 'x').substr(0, 20)}) {
    std::string out;
    EXPECT_FALSE(expander.Expand(bad, 4, &out).ok());
    EXPECT_TRUE(expander.Expand(good, 4, &out).ok());
    EXPECT_EQ(out, "body");
  }
}

}  // namespace
}  // namespace rpc::wire
