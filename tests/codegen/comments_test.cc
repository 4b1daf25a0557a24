// Whatever a comment in a .proto file holds, its lines are safe behind "//", and whole.
#include "codegen/comments.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rpc::codegen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CommentLinesTest, LoseTheBlankAfterTheSlashesAndNoOther) {
  EXPECT_THAT(CommentLines(" one\n   indented\nnone\n"), ElementsAre("one", "  indented", "none"));
}

TEST(CommentLinesTest, LoseBlankLinesAtBothEndsAndNoOther) {
  EXPECT_THAT(CommentLines("\n \n one\n\n two \n\n"), ElementsAre("one", "", "two"));
  EXPECT_THAT(CommentLines("\n \n\t\n"), IsEmpty());
  EXPECT_THAT(CommentLines(""), IsEmpty());
}

TEST(CommentLinesTest, LoseTheSecondStarOfADocumentationComment) {
  EXPECT_THAT(CommentLines("*\n One.\n"), ElementsAre("One."));
  EXPECT_THAT(CommentLines("* One. "), ElementsAre("One."));
}

TEST(CommentLinesTest, NeverEndInABackslash) {
  EXPECT_THAT(CommentLines(" a \\\n b \\ \n c ?\?/\n d\\e\n"),
              ElementsAre("a \\.", "b \\.", "c ?\?/.", "d\\e"));
}

TEST(CommentLinesTest, HaveNoControlCharacters) {
  EXPECT_THAT(CommentLines(" a\r\n b\v\f\x01\x7F"
                           "c\n\td\n"),
              ElementsAre("a", "bc", "   d"));
}

TEST(CommentLinesTest, HaveNoMarksThatTurnTheDirectionOfText) {
  EXPECT_THAT(CommentLines(" a\u202E\u2066b\u2069\u202A"), ElementsAre("ab"));
  EXPECT_THAT(CommentLines(" \u2029\u202F\u2065\u206A \u00E4\u6F22"),
              ElementsAre("\u2029\u202F\u2065\u206A \u00E4\u6F22"));
}

}  // namespace
}  // namespace rpc::codegen
