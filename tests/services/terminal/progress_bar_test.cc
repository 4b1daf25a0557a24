// What a progress bar says, for every width.
#include "services/terminal/progress_bar.h"

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "services/terminal/text.h"

namespace terminal {
namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST(ProgressBarTest, SizesAreInUnitsThatPeopleRead) {
  EXPECT_EQ(SizeText(0), "0 B");
  EXPECT_EQ(SizeText(1023), "1023 B");
  EXPECT_EQ(SizeText(1024), "1.0 KiB");
  EXPECT_EQ(SizeText(1536), "1.5 KiB");
  EXPECT_EQ(SizeText(kMiB - 1), "1.0 MiB");
  EXPECT_EQ(SizeText(UINT64_MAX), "16.0 EiB");
}

TEST(ProgressBarTest, TimesAreInUnitsThatPeopleRead) {
  EXPECT_EQ(TimeText(absl::ZeroDuration()), "0:00");
  EXPECT_EQ(TimeText(absl::Seconds(67)), "1:07");
  EXPECT_EQ(TimeText(absl::Seconds(3723)), "1:02:03");
  EXPECT_EQ(TimeText(absl::Hours(100)), "4 days");
  EXPECT_EQ(TimeText(-absl::Seconds(1)), "0:00");
}

class BarTest : public testing::Test {
 protected:
  // Half of it in 5 s, at 10 MiB/s.
  BarTest() {
    for (uint64_t s = 1; s <= 5; ++s) bar_.Update(s * 10 * kMiB, absl::Seconds(s));
  }

  ProgressBar bar_{"big.iso", 100 * kMiB};
};

TEST_F(BarTest, SaysHowFarItIs) {
  EXPECT_EQ(bar_.Text(80),
            "big.iso  [========>        ]   50%  50.0/100.0 MiB  10.0 MiB/s  0:05 left");
}

TEST_F(BarTest, TheBarStandsStillWhateverTheRate) {
  const size_t end = bar_.Text(80).find(']');
  bar_.Update(51 * kMiB, absl::Seconds(60));
  EXPECT_EQ(bar_.Text(80).find(']'), end);
  bar_.Update(99 * kMiB, absl::Seconds(61));
  EXPECT_EQ(bar_.Text(80).find(']'), end);
}

TEST_F(BarTest, WhatDoesNotFitGoes) {
  EXPECT_EQ(bar_.Text(60), "big.iso   50%  50.0/100.0 MiB  10.0 MiB/s  0:05 left");
  EXPECT_EQ(bar_.Text(40), "big.iso   50%  10.0 MiB/s  0:05 left");
  EXPECT_EQ(bar_.Text(30), "big.iso   50%  10.0 MiB/s");
  EXPECT_EQ(bar_.Text(15), "big.iso   50%");
  EXPECT_EQ(bar_.Text(5), "big.");
}

TEST_F(BarTest, FitsInEveryWidth) {
  for (const char* name : {"", "x", "日本日本日本日本日本日本.txt"}) {
    ProgressBar bar(name, 3 * kMiB);
    bar.Update(kMiB, absl::Seconds(1));
    for (size_t columns = 1; columns < 200; ++columns) {
      EXPECT_LT(TextWidth(bar.Text(columns)), columns);
    }
  }
}

TEST_F(BarTest, TheRateIsThatOfTheLastSeconds) {
  for (uint64_t s = 6; s <= 25; ++s) bar_.Update((50 + s - 5) * kMiB, absl::Seconds(s));
  EXPECT_NEAR(bar_.rate(), kMiB, 0.05 * kMiB);
}

TEST_F(BarTest, TheRateDoesNotJump) {
  bar_.Update(90 * kMiB, absl::Milliseconds(5300));
  EXPECT_LT(bar_.rate(), 25 * kMiB);
  EXPECT_GT(bar_.rate(), 10 * kMiB);
}

TEST_F(BarTest, ARateNeedsTime) {
  ProgressBar bar("x", 100);
  bar.Update(50, absl::Milliseconds(1));
  EXPECT_EQ(bar.rate(), 0);
  EXPECT_EQ(bar.Text(80).find("/s"), std::string::npos);
}

TEST_F(BarTest, AtTheEndItSaysHowLongItTook) {
  bar_.Update(100 * kMiB, absl::Seconds(8));
  EXPECT_EQ(bar_.Text(80), "big.iso  [=================]  100%  100.0 MiB  12.5 MiB/s  in 0:08");
}

TEST_F(BarTest, NothingToDoIsDone) {
  const ProgressBar bar("empty", 0);
  EXPECT_EQ(bar.Text(40), "empty  [========]  100%  0 B  in 0:00");
}

TEST_F(BarTest, MoreThanTheTotalIsAll) {
  bar_.Update(200 * kMiB, absl::Seconds(10));
  EXPECT_NE(bar_.Text(80).find("100%"), std::string::npos);
}

TEST_F(BarTest, WithoutATotalThereIsNoBar) {
  ProgressBar bar("pipe");
  bar.Update(10 * kMiB, absl::Seconds(1));
  EXPECT_EQ(bar.Text(80), "pipe  10.0 MiB  10.0 MiB/s");
}

TEST_F(BarTest, WhatWasThereBeforeDoesNotCountForTheRate) {
  ProgressBar bar("resumed", 100 * kMiB, 90 * kMiB);
  bar.Update(95 * kMiB, absl::Seconds(5));
  EXPECT_NEAR(bar.rate(), kMiB, 1);
  EXPECT_NE(bar.Text(80).find(" 95%"), std::string::npos);
  bar.Update(100 * kMiB, absl::Seconds(10));
  EXPECT_EQ(bar.Begin(), "resumed: 100.0 MiB, 90.0 MiB of it there already\n");
  EXPECT_EQ(bar.End(), "resumed: 100.0 MiB in 0:10, 1.0 MiB/s\n");
}

TEST_F(BarTest, LinesForWhatIsNoTerminal) {
  EXPECT_EQ(bar_.Begin(), "big.iso: 100.0 MiB\n");
  EXPECT_EQ(bar_.End(), "big.iso: 50.0 MiB of 100.0 MiB in 0:05, 10.0 MiB/s\n");
}

TEST_F(BarTest, TheNameIsHarmless) { EXPECT_EQ(ProgressBar("a\x1b[2J").Begin(), "a^[[2J\n"); }

}  // namespace
}  // namespace terminal
