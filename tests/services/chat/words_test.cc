// What names and texts may be made of.
#include "services/chat/words.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chat {
namespace {

using testing::HasSubstr;

std::string Complaint(std::string_view name) {
  return std::string(CheckName("the name", name).message());
}

std::string Utf8(char32_t c) {
  const auto byte = [c](int shift, unsigned lead, unsigned mask) {
    return static_cast<char>(lead | ((c >> shift) & mask));
  };
  if (c < 0x800) return {byte(6, 0xc0, 0x1f), byte(0, 0x80, 0x3f)};
  if (c < 0x10000) return {byte(12, 0xe0, 0xf), byte(6, 0x80, 0x3f), byte(0, 0x80, 0x3f)};
  return {byte(18, 0xf0, 7), byte(12, 0x80, 0x3f), byte(6, 0x80, 0x3f), byte(0, 0x80, 0x3f)};
}

std::string Read(std::string_view text) {
  absl::StatusOr<std::string> read = ReadText(text, 100);
  return read.ok() ? *read : read.status().ToString();
}

TEST(Names, MayBeOfManyAlphabets) {
  for (const char* name : {"a", "Ann", "j.-p._2", "Zoë", "Анна", "安娜", "アンナ", "🙂"}) {
    EXPECT_EQ(Complaint(name), "") << name;
  }
}

TEST(Names, HaveALength) {
  EXPECT_EQ(Complaint(""), "the name is empty");
  EXPECT_EQ(Complaint(std::string(24, 'a')), "");
  EXPECT_THAT(Complaint(std::string(25, 'a')), HasSubstr("has 25 characters; it may have 24"));
  std::string wide;
  for (int i = 0; i < 24; ++i) wide += "安";
  EXPECT_EQ(Complaint(wide), "");
  EXPECT_EQ(Complaint(std::string(100'000, 'a')),
            "the name has 100000 bytes; it may have 24 characters");
}

TEST(Names, HaveNothingThatCannotBeSeen) {
  for (const char* name : {"an n", "ann\n", "\x1b[2J", "a\tb", "ann\xe2\x80\x8b" /* U+200B */,
                           "\xe2\x80\xaenna" /* U+202E */,
                           "a\xc2\xa0"
                           "b" /* U+00A0 */,
                           "\xc2\x9b", "a/b", "@ann", "\x7f"}) {
    EXPECT_THAT(Complaint(name), HasSubstr("it may have letters, digits")) << name;
  }
}

TEST(Names, HaveNothingThatTakesNoPlace) {
  for (const char32_t c : {0x1d173, 0x1d17a, 0x1bca0, 0x1bca3, 0x16fe4, 0x1d159, 0x13430, 0x1343f,
                           0x0600, 0x0605, 0x06dd, 0x070f, 0x08e2, 0x110bd}) {
    EXPECT_THAT(Complaint("ann" + Utf8(c)), HasSubstr("it may have letters")) << uint32_t{c};
  }
}

TEST(Names, HaveFewMarksAndNoneAtTheirBeginning) {
  for (const char32_t c :
       {0x300, 0x36f, 0x1ab0, 0x1aff, 0x1dc0, 0x1dff, 0x20d0, 0x20ff, 0xfe20, 0xfe2f}) {
    const std::string mark = Utf8(c);
    EXPECT_THAT(Complaint(mark + "ann"), HasSubstr("a mark at character 1")) << uint32_t{c};
    EXPECT_EQ(Complaint("a" + mark + mark + "n" + mark), "") << uint32_t{c};
    EXPECT_THAT(Complaint("a" + mark + mark + mark), HasSubstr("it may have 2 marks"));
  }
}

TEST(Names, AreShownHarmlessInComplaints) {
  EXPECT_EQ(Complaint("a\x1b[2J"),
            R"(the name "a\x1b[2J" has "\x1b" at character 2; it may have letters, digits, "-", )"
            R"("_" and ".")");
}

TEST(Names, AreTheSameInCapitals) {
  EXPECT_EQ(KeyOf("Ann"), KeyOf("aNN"));
  EXPECT_NE(KeyOf("Ann"), KeyOf("Anna"));
}

TEST(Texts, GoThroughAsTheyAre) {
  EXPECT_EQ(Read("good morning, 世界 🙂"), "good morning, 世界 🙂");
  EXPECT_EQ(Read("  two  blanks  "), "  two  blanks  ");
}

TEST(Texts, AreMadeHarmless) {
  EXPECT_EQ(Read("a\x1b[31mb\a"), "a\xef\xbf\xbd[31mb\xef\xbf\xbd");
  EXPECT_EQ(Read("a\tb"), "a b");
  EXPECT_EQ(Read("a\nb\rc"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd"
            "c");
  EXPECT_EQ(Read("a\xc2\x9b"
                 "31m"),
            "a\xef\xbf\xbd"
            "31m");  // CSI as one character
  EXPECT_EQ(Read("\xe2\x80\xae"
                 "gnp.exe"),
            "\xef\xbf\xbd"
            "gnp.exe");  // right to left
}

TEST(Texts, HaveSomethingInThem) {
  for (const char* text : {"", " ", " \t\r\n "}) {
    EXPECT_THAT(Read(text), HasSubstr("nothing in it")) << text;
  }
}

TEST(Texts, OfInvisibleCharactersHaveNothingInThem) {
  for (const char32_t c : {0xa0, 0xad, 0x200b, 0x2060, 0x3000, 0x3164, 0xfeff, 0x1d173, 0x13430}) {
    EXPECT_THAT(Read(" " + Utf8(c) + Utf8(c)), HasSubstr("nothing in it")) << uint32_t{c};
    EXPECT_EQ(Read(Utf8(c) + "a"), Utf8(c) + "a") << uint32_t{c};
  }
}

TEST(Texts, HaveASize) {
  EXPECT_EQ(Read(std::string(100, 'x')).size(), 100);
  EXPECT_THAT(Read(std::string(101, 'x')), HasSubstr("has 101 bytes; it may have 100"));
  // As it would be sent on.
  EXPECT_THAT(Read(std::string(40, '\a') + "x"), HasSubstr("has 121 bytes; it may have 100"));
}

TEST(Texts, ThatAreNoUtf8AreReadToTheirEndOnly) {
  for (const char* text : {"\xff", "a\xe2", "\x80\x80", "\xf0\x9f"}) {
    EXPECT_LE(Read(text).size(), 8) << text;
  }
}

}  // namespace
}  // namespace chat
