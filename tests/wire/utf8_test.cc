#include "rpc/wire/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "google/protobuf/struct.pb.h"

namespace rpc::wire {
namespace {

// What protobuf takes as a string.
bool ProtobufAccepts(const std::string& text) {
  google::protobuf::Value value;
  const std::string record = "\x1a" + std::string(1, static_cast<char>(text.size())) + text;
  return value.ParseFromString(record);
}

TEST(Utf8, AgreesWithProtobufOnEverySequenceOfUpToThreeOddBytes) {
  const int odd[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                     0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
  for (int a : odd) {
    for (int b : odd) {
      for (int c : odd) {
        for (int d : odd) {
          const std::string text = {static_cast<char>(a), static_cast<char>(b),
                                    static_cast<char>(c), static_cast<char>(d)};
          ASSERT_EQ(IsValidUtf8(text), ProtobufAccepts(text)) << a << " " << b << " " << c;
        }
      }
    }
  }
}

TEST(Utf8, AgreesWithProtobufWhereverTheBadByteStands) {
  for (size_t size = 1; size < 40; ++size) {
    for (size_t bad = 0; bad < size; ++bad) {
      std::string text(size, 'a');
      EXPECT_TRUE(IsValidUtf8(text));
      text[bad] = '\xFF';
      EXPECT_FALSE(IsValidUtf8(text)) << size << " " << bad;
    }
  }
}

TEST(Utf8, RepairsWhatIsInvalidAndLeavesTheRest) {
  std::string out = ">";
  AppendAsUtf8("a\xFF\xC3\xBC\xC3", &out);
  EXPECT_EQ(out, ">a\xEF\xBF\xBD\xC3\xBC\xEF\xBF\xBD");
}

TEST(Utf8, RepairGivesValidTextForRandomBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (int i = random() % 30; i > 0; --i) bytes += static_cast<char>(random());
    std::string out;
    AppendAsUtf8(bytes, &out);
    ASSERT_TRUE(IsValidUtf8(out));
    ASSERT_EQ(IsValidUtf8(bytes), out == bytes);
  }
}

TEST(Utf8, APrefixCutsNoCharacter) {
  EXPECT_EQ(Utf8Prefix("a\xC3\xBC", 3), "a\xC3\xBC");
  EXPECT_EQ(Utf8Prefix("a\xC3\xBC", 2), "a");
  EXPECT_EQ(Utf8Prefix("\xF0\x9F\x98\x80", 3), "");
  EXPECT_EQ(Utf8Prefix("abc", 2), "ab");
}

}  // namespace
}  // namespace rpc::wire
