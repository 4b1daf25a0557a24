// Widths of characters, and text of others that can do no harm.
#include "services/terminal/text.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace terminal {
namespace {

std::vector<std::string> Cells(std::string_view text) {
  std::vector<std::string> cells;
  while (!text.empty()) cells.emplace_back(TakeCell(&text).bytes);
  return cells;
}

TEST(TextTest, CharactersHaveTheirWidths) {
  EXPECT_EQ(CharacterWidth('a'), 1);
  EXPECT_EQ(CharacterWidth(U'é'), 1);
  EXPECT_EQ(CharacterWidth(U'日'), 2);
  EXPECT_EQ(CharacterWidth(U'가'), 2);
  EXPECT_EQ(CharacterWidth(U'😀'), 2);
  EXPECT_EQ(CharacterWidth(U'\u0301'), 0);
  EXPECT_EQ(CharacterWidth(U'\u200D'), 0);
  EXPECT_EQ(CharacterWidth(U'\uFFFD'), 1);
  EXPECT_EQ(CharacterWidth(U'\U0010FFFF'), 1);
}

TEST(TextTest, ACellIsACharacterWithItsMarks) {
  EXPECT_EQ(Cells("ae\u0301日\u0302\u0303x"),
            (std::vector<std::string>{"a", "e\u0301", "日\u0302\u0303", "x"}));
}

TEST(TextTest, BytesThatAreNoCharacterAreOneEach) {
  for (const std::string_view bad : {"\xFF", "\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                     "\xE2\x82", "\xF0\x9F\x98"}) {
    std::string_view rest = bad;
    EXPECT_EQ(TakeCharacter(&rest), U'\uFFFD');
    EXPECT_EQ(rest.size(), bad.size() - 1);
  }
}

TEST(TextTest, WidthsAddUp) {
  EXPECT_EQ(TextWidth(""), 0u);
  EXPECT_EQ(TextWidth("abc"), 3u);
  EXPECT_EQ(TextWidth("日本e\u0301"), 5u);
}

TEST(TextTest, TextIsCutBetweenCells) {
  EXPECT_EQ(FirstColumns("日本", 3), "日");
  EXPECT_EQ(FirstColumns("日本", 4), "日本");
  EXPECT_EQ(FirstColumns("ae\u0301x", 2), "ae\u0301");
  EXPECT_EQ(FirstColumns("abc", 0), "");
}

TEST(TextTest, ControlCharactersAreShown) {
  EXPECT_EQ(Harmless("a\x1b[31mb"), "a^[[31mb");
  EXPECT_EQ(Harmless(std::string("\0\r\n\t\x7f", 5)), "^@^M^J^I^?");
  EXPECT_EQ(Harmless("\u009B2J"), "<U+009B>2J");
  EXPECT_EQ(Harmless("\u202Eabc\u2066"), "<U+202E>abc<U+2066>");
  EXPECT_EQ(Harmless("\xFFx\x9b"), "\\xffx\\x9b");
}

TEST(TextTest, OtherTextIsLeftAsItIs) {
  EXPECT_EQ(Harmless("naïve 日本 😀 e\u0301"), "naïve 日本 😀 e\u0301");
}

TEST(TextTest, LinesStayLines) {
  EXPECT_EQ(HarmlessLines("one\r\ntwo\n\x1b[2J"), "one\ntwo\n^[[2J");
  EXPECT_EQ(HarmlessLines("one\rtwo"), "one^Mtwo");
}

TEST(TextTest, TabsBecomeBlanksUpToTheNextStop) {
  EXPECT_EQ(HarmlessLines("a\tb"), "a       b");
  EXPECT_EQ(HarmlessLines("12345678\tb"), "12345678        b");
  EXPECT_EQ(HarmlessLines("日\tb\n\tc"), "日      b\n        c");
}

}  // namespace
}  // namespace terminal
