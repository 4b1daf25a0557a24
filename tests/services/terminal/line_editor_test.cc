// A line is typed, changed, recalled and drawn.
#include "services/terminal/line_editor.h"

#include <optional>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "services/terminal/keys.h"
#include "services/terminal/text.h"

namespace terminal {
namespace {

constexpr std::string_view kUp = "\x1b[A";
constexpr std::string_view kDown = "\x1b[B";
constexpr std::string_view kLeft = "\x1b[D";
constexpr std::string_view kRight = "\x1b[C";
constexpr std::string_view kHome = "\x01";
constexpr std::string_view kEnd = "\x05";
constexpr std::string_view kBackspace = "\x7f";
constexpr std::string_view kDelete = "\x1b[3~";

class LineEditorTest : public testing::Test {
 protected:
  // Types bytes as a terminal sends them; the last line that came of it.
  template <typename... Bytes>
  std::optional<Line> Type(const Bytes&... bytes) {
    std::optional<Line> last;
    for (const std::string_view each : {std::string_view(bytes)...}) {
      for (const Key& key : keys_.Feed(each)) {
        if (std::optional<Line> line = editor_.Feed(key)) last = line;
      }
    }
    return last;
  }
  // The text, with | where the cursor is.
  std::string Shown() const {
    std::string text = editor_.text();
    return text.insert(editor_.cursor(), "|");
  }
  // The view for so many columns, with | where the cursor is.
  std::string Viewed(size_t columns) const {
    const LineView view = editor_.View(columns);
    EXPECT_LT(TextWidth(view.text), columns);
    EXPECT_LT(view.cursor, columns);
    const size_t at = FirstColumns(view.text, view.cursor).size();
    return std::string(view.text).insert(at, "|");
  }
  Line::Kind KindOf(std::string_view bytes) {
    const std::optional<Line> line = Type(bytes);
    EXPECT_TRUE(line.has_value());
    return line.value_or(Line{}).kind;
  }

  KeyReader keys_;
  LineEditor editor_{"> "};
};

TEST_F(LineEditorTest, EnterGivesTheTextAndBeginsAnew) {
  const std::optional<Line> line = Type("hello 日本\r");
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->kind, Line::Kind::kText);
  EXPECT_EQ(line->text, "hello 日本");
  EXPECT_EQ(Shown(), "|");
}

TEST_F(LineEditorTest, TextGoesInAtTheCursor) {
  Type("acd", kLeft, kLeft, "b", kEnd, "e", kHome, "_");
  EXPECT_EQ(Shown(), "_|abcde");
}

TEST_F(LineEditorTest, TheCursorStaysInTheLine) {
  Type(kLeft, kRight, kBackspace, kDelete, "a", kRight, kRight, kLeft, kLeft, kLeft, "b");
  EXPECT_EQ(Shown(), "b|a");
}

TEST_F(LineEditorTest, CharactersAreErased) {
  Type("abcd", kLeft, kBackspace);
  EXPECT_EQ(Shown(), "ab|d");
  Type(kLeft, kDelete);
  EXPECT_EQ(Shown(), "a|d");
  Type("\x04");
  EXPECT_EQ(Shown(), "a|");
}

TEST_F(LineEditorTest, ALetterAndItsAccentAreOneStep) {
  Type("xe\u0301日", kLeft, kLeft);
  EXPECT_EQ(Shown(), "x|e\u0301日");
  Type(kDelete, kDelete);
  EXPECT_EQ(Shown(), "x|");
}

TEST_F(LineEditorTest, PartsAreErased) {
  Type("one two", kLeft, kLeft, kLeft, "\x0b");
  EXPECT_EQ(Shown(), "one |");
  Type("three\x15");
  EXPECT_EQ(Shown(), "|");
  Type("one  two  \x17");
  EXPECT_EQ(Shown(), "one  |");
  Type("\x17\x17");
  EXPECT_EQ(Shown(), "|");
}

TEST_F(LineEditorTest, TheCursorMovesByWords) {
  Type("one two  three", "\x1b[1;5D", "\x1b[1;5D");
  EXPECT_EQ(Shown(), "one |two  three");
  Type("\x1b[1;5C");
  EXPECT_EQ(Shown(), "one two|  three");
  Type("\x1b[1;5C", "\x1b[1;5C");
  EXPECT_EQ(Shown(), "one two  three|");
}

TEST_F(LineEditorTest, LinesAreRecalled) {
  Type("first\rsecond\r", "draft", kUp);
  EXPECT_EQ(Shown(), "second|");
  Type(kUp, kUp, kUp);
  EXPECT_EQ(Shown(), "first|");
  Type(kDown, kDown, kDown);
  EXPECT_EQ(Shown(), "draft|");
}

TEST_F(LineEditorTest, ARecalledLineIsEnteredAnew) {
  Type("first\rsecond\r", kUp, kUp);
  EXPECT_EQ(Type("!\r")->text, "first!");
  EXPECT_EQ(editor_.history(), (std::vector<std::string>{"first", "second", "first!"}));
  Type(kUp);
  EXPECT_EQ(Shown(), "first!|");
}

TEST_F(LineEditorTest, EmptyAndRepeatedLinesAreRememberedOnce) {
  Type("a\r\ra\rb\ra\r");
  EXPECT_EQ(editor_.history(), (std::vector<std::string>{"a", "b", "a"}));
}

TEST_F(LineEditorTest, TheOldestLinesAreForgotten) {
  for (size_t i = 0; i <= LineEditor::kHistoryMax; ++i) editor_.AddToHistory(std::to_string(i));
  EXPECT_EQ(editor_.history().size(), LineEditor::kHistoryMax);
  EXPECT_EQ(editor_.history().front(), "1");
}

TEST_F(LineEditorTest, WhatItDoesNotDoIsLeftToItsOwner) {
  EXPECT_EQ(KindOf("\x04"), Line::Kind::kEof);
  EXPECT_EQ(KindOf("\x1a"), Line::Kind::kSuspend);
  EXPECT_EQ(KindOf("\x0c"), Line::Kind::kClear);
  EXPECT_EQ(KindOf("ab\t"), Line::Kind::kTab);
  EXPECT_EQ(Shown(), "ab|");
  EXPECT_EQ(KindOf("\x03"), Line::Kind::kInterrupt);
  EXPECT_EQ(Shown(), "|");
}

TEST_F(LineEditorTest, ALineHasALimit) {
  const std::string much(LineEditor::kSizeMax - 2, 'x');
  Type(much, "日", "y日");
  EXPECT_EQ(editor_.text(), much + "y");
  Type(kHome, kDelete, "zz!");
  EXPECT_EQ(editor_.text().size(), LineEditor::kSizeMax);
  EXPECT_TRUE(editor_.text().starts_with("zzx"));
}

TEST_F(LineEditorTest, AShortLineIsShownWhole) {
  EXPECT_EQ(Viewed(20), "> |");
  Type("abc", kLeft);
  EXPECT_EQ(Viewed(20), "> ab|c");
  Type(kEnd, "日本");
  EXPECT_EQ(Viewed(20), "> abc日本|");
}

TEST_F(LineEditorTest, ALineMayFillTheRow) {
  Type("01234567");
  EXPECT_EQ(Viewed(11), "> 01234567|");
}

TEST_F(LineEditorTest, ALongLineShowsThePartAroundTheCursor) {
  Type("0123456789abcdef");
  EXPECT_EQ(Viewed(11), "> <cdef|");
  Type(kHome);
  EXPECT_EQ(Viewed(11), "> |012345>");
  Type(kRight, kRight, kRight, kRight, kRight);
  EXPECT_EQ(Viewed(11), "> 01234|5>");
  Type(kRight);
  EXPECT_EQ(Viewed(11), "> <345|678>");
}

TEST_F(LineEditorTest, TheCursorIsSeenWhereverItIs) {
  Type("0日1本2😀3e\u03014日5本6789abc", kHome);
  for (size_t columns = 8; columns < 40; ++columns) {
    Type(kHome);
    for (size_t i = 0; i < 20; ++i) {
      const std::string viewed = Viewed(columns);
      EXPECT_NE(viewed.find('|'), std::string::npos);
      Type(kRight);
    }
  }
}

TEST_F(LineEditorTest, HalfAWideCharacterIsBlank) {
  Type("日日日日日日", kHome);
  editor_.SetPrompt("");
  EXPECT_EQ(Viewed(10), "|日日日 >");
}

TEST_F(LineEditorTest, TheViewIsHarmless) {
  editor_.SetPrompt("\x1b[2J> ");
  editor_.Replace("a\x1b[mb");
  EXPECT_EQ(Viewed(40), "^[[2J> a^[[mb|");
}

TEST_F(LineEditorTest, APromptLeavesRoomForTheLine) {
  editor_.SetPrompt("a prompt that is longer than the window> ");
  Type("xyz");
  EXPECT_EQ(Viewed(20), "a prompt txyz|");
}

TEST_F(LineEditorTest, AWindowTooSmallShowsNothing) {
  Type("hello");
  for (size_t columns = 1; columns < 8; ++columns) EXPECT_EQ(Viewed(columns), "|");
}

}  // namespace
}  // namespace terminal
