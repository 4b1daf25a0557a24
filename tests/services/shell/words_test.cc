// Lines taken apart as people expect it.
#include "examples/shell/words.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace shell {
namespace {

using Words = std::vector<std::string>;

Words Split(std::string_view line) {
  const absl::StatusOr<Words> words = SplitWords(line);
  return words.ok() ? *words : Words{"error", std::string(words.status().message())};
}

TEST(WordsTest, BlanksSeparate) {
  EXPECT_EQ(Split("ls -l  /tmp\t. "), (Words{"ls", "-l", "/tmp", "."}));
  EXPECT_EQ(Split("  \t "), Words{});
  EXPECT_EQ(Split(""), Words{});
}

TEST(WordsTest, SingleQuotesKeepEverything) {
  EXPECT_EQ(Split(R"(echo 'a  b' '\"$HOME')"), (Words{"echo", "a  b", R"(\"$HOME)"}));
}

TEST(WordsTest, DoubleQuotesKeepAllButTwoEscapes) {
  EXPECT_EQ(Split(R"("a 'b'" "say \"\\\" \n")"), (Words{"a 'b'", R"(say "\" \n)"}));
}

TEST(WordsTest, ABackslashKeepsTheNextCharacter) {
  EXPECT_EQ(Split(R"(a\ b \'c \\)"), (Words{"a b", "'c", "\\"}));
}

TEST(WordsTest, PartsWithoutBlanksAreOneWord) {
  EXPECT_EQ(Split(R"(--name='two words'"!"x)"), (Words{"--name=two words!x"}));
}

TEST(WordsTest, QuotesAloneAreAnEmptyWord) { EXPECT_EQ(Split("a '' \"\""), (Words{"a", "", ""})); }

TEST(WordsTest, NothingElseHasAMeaning) {
  EXPECT_EQ(Split("a $c * #d ? ! (e)"), (Words{"a", "$c", "*", "#d", "?", "!", "(e)"}));
}

TEST(WordsTest, PipesAndTheLikeAreRefusedUnlessTheyAreQuoted) {
  EXPECT_EQ(Split("ls | wc"),
            (Words{"error",
                   "the | at column 4 means nothing here: `! LINE` has a shell run the "
                   "line, quotes keep the |"}));
  for (const char* line : {"ls|wc", "echo hi > x", "cat <x", "sleep 1&", "ls; ls", "a 'b'>c"}) {
    EXPECT_EQ(Split(line).front(), "error") << line;
  }
  EXPECT_EQ(Split("'a|b' \";<>\" \\&"), (Words{"a|b", ";<>", "&"}));
}

TEST(WordsTest, WhatIsNotClosedIsTold) {
  EXPECT_EQ(Split("say 'it"), (Words{"error", "the quote ' at column 5 is not closed"}));
  EXPECT_EQ(Split("\""), (Words{"error", "the quote \" at column 1 is not closed"}));
  EXPECT_EQ(Split("a \\"), (Words{"error", "nothing follows the last \\"}));
}

}  // namespace
}  // namespace shell
