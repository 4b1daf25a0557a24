// Some thousand calls over bad networks, and that the account would notice what must not happen.
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/faults/account.h"
#include "tests/faults/ledger_run.h"

namespace ledger {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::IsEmpty;

// Beside a sanitizer and a busy machine a loop may not be turned for long.
constexpr absl::Duration kSlack = absl::Seconds(10);

TEST(Ledger, EveryCallIsAccountedForOnceOverBadNetworks) {
  const Account account = RunLedger({.calls = 6'000, .seed = 1, .slack = kSlack});
  EXPECT_EQ(account.complaints(), 0u) << account.Table();
  EXPECT_EQ(account.calls(), 6'000u);
  for (const Way way : kWays) {
    EXPECT_GT(account.calls(ShortName(way), StatusCode::kOk), 500u) << account.Table();
  }
  EXPECT_GT(account.calls("tcp", StatusCode::kUnavailable), 0u) << "the weather was too good";
}

const CallPlan kPlan = {.id = 7, .timeout = absl::Seconds(1)};

std::string Wrong(const CallResult& result, const Circumstances& why = {}) {
  return WhatIsWrong(kPlan, result, why, absl::Milliseconds(500));
}

TEST(Account, AnAnswerHasToBeRightAndInTime) {
  EXPECT_THAT(Wrong({.took = absl::Milliseconds(1'400)}), IsEmpty());
  EXPECT_THAT(Wrong({.took = absl::Milliseconds(1'600)}), HasSubstr("it took 1.6s"));
  EXPECT_THAT(Wrong({.right = false}), HasSubstr("wrong answer"));
}

TEST(Account, AFailureHasToHaveAReason) {
  const CallResult lost = {.status = absl::UnavailableError("connection lost")};
  EXPECT_THAT(Wrong(lost), HasSubstr("no reason"));
  EXPECT_THAT(Wrong(lost, {.corrupted = true, .limited = true}), HasSubstr("no reason"));
  EXPECT_THAT(Wrong(lost, {.troubled = true}), IsEmpty());
  EXPECT_THAT(Wrong(lost, {.drained = true}), IsEmpty());
  const CallResult damaged = {.status = absl::DataLossError("md5")};
  EXPECT_THAT(Wrong(damaged, {.troubled = true}), HasSubstr("no reason"));
  EXPECT_THAT(Wrong(damaged, {.corrupted = true}), IsEmpty());
  EXPECT_THAT(Wrong(damaged, {.corrupted = true, .encrypted = true}), HasSubstr("no reason"));
  const CallResult refused = {.status = absl::ResourceExhaustedError("full")};
  EXPECT_THAT(Wrong(refused, {.troubled = true}), HasSubstr("no reason"));
  EXPECT_THAT(Wrong(refused, {.limited = true}), IsEmpty());
  const CallResult broken = {.status = absl::InternalError("?")};
  EXPECT_THAT(Wrong(broken, {.troubled = true, .corrupted = true}), HasSubstr("no reason"));
}

TEST(Account, ADeadlineHasToHavePassedAndACancelledCallToHaveBeenCancelled) {
  const absl::Status passed = absl::DeadlineExceededError("the deadline passed");
  EXPECT_THAT(Wrong({.status = passed, .took = absl::Seconds(1)}), IsEmpty());
  EXPECT_THAT(Wrong({.status = passed, .took = absl::Milliseconds(900)}), HasSubstr("no reason"));
  const absl::Status cancelled = absl::CancelledError("");
  EXPECT_THAT(Wrong({.status = cancelled}), HasSubstr("no reason"));
  EXPECT_THAT(Wrong({.status = cancelled, .cancelled_by_us = true}), IsEmpty());
}

TEST(Account, ACallIsRunAsOftenAsItsEndSays) {
  EXPECT_THAT(WhatIsWrongWithRuns(StatusCode::kOk, false, 1), IsEmpty());
  EXPECT_THAT(WhatIsWrongWithRuns(StatusCode::kOk, false, 0), HasSubstr("never run"));
  EXPECT_THAT(WhatIsWrongWithRuns(StatusCode::kUnavailable, false, 1), IsEmpty());
  EXPECT_THAT(WhatIsWrongWithRuns(StatusCode::kUnavailable, false, 2), HasSubstr("2 times"));
  EXPECT_THAT(WhatIsWrongWithRuns(StatusCode::kUnavailable, true, 1), HasSubstr("unseen"));
  EXPECT_THAT(WhatIsWrongWithRuns(StatusCode::kUnavailable, true, 0), IsEmpty());
}

}  // namespace
}  // namespace ledger
