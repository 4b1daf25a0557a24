// Where lines are broken, and that none is longer than it may be while names allow.
#include "codegen/layout.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rpc::codegen {
namespace {

using testing::ElementsAre;

std::string X(size_t count) { return std::string(count, 'x'); }

TEST(LayoutTest, WhatFitsStandsOnOneLine) {
  EXPECT_THAT(Layout({.type = "int", .name = "F", .arguments = {"int a", "int b"}}, 2),
              ElementsAre("  int F(int a, int b);"));
  EXPECT_THAT(Layout({.name = "F", .end = ","}, 0), ElementsAre("F(),"));
}

TEST(LayoutTest, ExactlyOneHundredColumnsFit) {
  EXPECT_THAT(Layout({.name = "F", .arguments = {X(47), X(47)}}, 0),
              ElementsAre("F(" + X(47) + ", " + X(47) + ");"));
  EXPECT_THAT(Layout({.name = "F", .arguments = {X(47), X(48)}}, 0),
              ElementsAre("F(" + X(47) + ",", "  " + X(48) + ");"));
}

TEST(LayoutTest, ArgumentsStandBelowTheNameWhenTheyDoNotFitBehindIt) {
  EXPECT_THAT(Layout({.type = "int", .name = X(60), .arguments = {X(40), X(40)}}, 2),
              ElementsAre("  int " + X(60) + "(", "      " + X(40) + ", " + X(40) + ");"));
}

TEST(LayoutTest, ATypeThatLeavesNoRoomForTheNameStandsAlone) {
  EXPECT_THAT(Layout({.type = X(60), .name = X(50), .arguments = {"a"}}, 0),
              ElementsAre(X(60), X(50) + "(a);"));
}

TEST(LayoutTest, ATypeThatIsTooLongIsBrokenInItsBrackets) {
  EXPECT_THAT(Layout({.type = "A<" + X(50) + ", " + X(50) + ">", .name = "F"}, 0),
              ElementsAre("A<" + X(50) + ",", "  " + X(50) + ">", "F();"));
}

TEST(LayoutTest, ACommentIsBrokenBetweenWords) {
  EXPECT_THAT(LayoutComment({X(60) + " " + X(36), "", X(60) + " " + X(37)}, 0),
              ElementsAre("// " + X(60) + " " + X(36), "//", "// " + X(60), "// " + X(37)));
}

TEST(LayoutTest, AWordThatIsTooLongStaysWhole) {
  EXPECT_THAT(LayoutComment({X(150), "a " + X(150) + " b"}, 2),
              ElementsAre("  // " + X(150), "  // a", "  // " + X(150), "  // b"));
}

TEST(LayoutTest, ColumnsAreCharactersAndNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 90; ++i) umlauts += "ä";
  EXPECT_THAT(LayoutComment({umlauts + " abcdef"}, 0), ElementsAre("// " + umlauts + " abcdef"));
}

}  // namespace
}  // namespace rpc::codegen
