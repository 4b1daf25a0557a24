// When a transfer that broke is tried again.
#include "services/files/attempts.h"

#include <optional>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace files {
namespace {

using absl::Milliseconds;
using Pause = std::optional<absl::Duration>;

const absl::Status kCut = absl::UnavailableError("connection reset by peer");
const absl::Status kWrongBytes = absl::DataLossError("the md5 is another");
const absl::Status kChanged = absl::AbortedError("it has changed");

class AttemptsTest : public testing::Test {
 protected:
  // One attempt that goes on at `offset`, moves so many bytes and ends so.
  Pause Try(uint64_t offset, uint64_t bytes, const absl::Status& end) {
    attempts_.Begin(1'000);
    attempts_.GoOnAt(offset);
    attempts_.EndCheck();
    attempts_.Move(bytes);
    return attempts_.After(end);
  }

  bool reached_ = false;
  Transfer transfer_;
  Attempts attempts_{RetryOptions(), &reached_, &transfer_};
};

TEST_F(AttemptsTest, ACutTransferIsTriedAgainSoon) {
  EXPECT_EQ(Try(0, 10, kCut), Pause(Milliseconds(100)));
  EXPECT_EQ(transfer_.interruption, kCut);
  EXPECT_EQ(transfer_.moved, 10u);
}

TEST_F(AttemptsTest, PausesDoubleWhileNothingGetsThrough) {
  for (const int ms : {100, 200, 400, 800, 1'600, 3'200, 5'000, 5'000, 5'000}) {
    EXPECT_EQ(Try(0, 0, kCut), Pause(Milliseconds(ms)));
  }
  EXPECT_EQ(Try(0, 0, kCut), std::nullopt);
}

TEST_F(AttemptsTest, AnAttemptThatGetsFurtherBeginsTheCountAnew) {
  for (uint64_t offset = 1; offset < 100; ++offset) {
    EXPECT_EQ(Try(offset, 1, kCut), Pause(Milliseconds(100))) << offset;
  }
}

TEST_F(AttemptsTest, AnAttemptThatOnlySendsDoesNot) {
  EXPECT_EQ(Try(0, 500, kCut), Pause(Milliseconds(100)));
  EXPECT_EQ(Try(0, 500, kCut), Pause(Milliseconds(200)));
}

TEST_F(AttemptsTest, AServerThatWasNeverReachedIsNotTriedAgain) {
  attempts_.Begin(1'000);
  EXPECT_EQ(attempts_.After(kCut), std::nullopt);
}

TEST_F(AttemptsTest, AServerThatAnotherTransferHasReachedIsTriedAgain) {
  reached_ = true;
  attempts_.Begin(1'000);
  EXPECT_EQ(attempts_.After(kCut), Pause(Milliseconds(100)));
}

TEST_F(AttemptsTest, WhatNoRepetitionHelpsAgainstIsTheEnd) {
  EXPECT_EQ(Try(0, 10, absl::ResourceExhaustedError("the disk is full")), std::nullopt);
  EXPECT_EQ(Try(0, 10, absl::PermissionDeniedError("no")), std::nullopt);
  EXPECT_EQ(Try(0, 10, absl::NotFoundError("no")), std::nullopt);
}

TEST_F(AttemptsTest, TheWrongBytesAreMovedAnewOnce) {
  EXPECT_EQ(Try(400, 600, kWrongBytes), Pause(absl::ZeroDuration()));
  EXPECT_TRUE(attempts_.anew());
  EXPECT_EQ(Try(0, 1'000, kWrongBytes), std::nullopt);
}

TEST_F(AttemptsTest, AnAttemptAnewThatIsCutGoesOnWhereItStopped) {
  Try(400, 600, kWrongBytes);
  EXPECT_EQ(Try(0, 500, kCut), Pause(Milliseconds(100)));
  EXPECT_FALSE(attempts_.anew());
  EXPECT_EQ(Try(500, 0, kCut), Pause(Milliseconds(100)));
}

TEST_F(AttemptsTest, ADamagedMessageIsLikeACut) {
  EXPECT_EQ(Try(0, 500, kWrongBytes), Pause(Milliseconds(100)));
  EXPECT_FALSE(attempts_.anew());
}

TEST_F(AttemptsTest, AFileThatChangesIsTriedThreeTimes) {
  EXPECT_TRUE(Try(0, 10, kChanged).has_value());
  EXPECT_TRUE(Try(0, 10, kChanged).has_value());
  EXPECT_EQ(Try(0, 10, kChanged), std::nullopt);
}

}  // namespace
}  // namespace files
