// What names and texts may be made of.
#include "services/chat/words.h"

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
