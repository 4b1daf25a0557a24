// Connections that end because nobody uses them, because they are old, or because they are not
// wanted at all.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

constexpr TimeUs kIdleUs = 60 * kSecondUs;
constexpr TimeUs kAgeUs = 600 * kSecondUs;
constexpr TimeUs kGraceUs = 5 * kSecondUs;
constexpr absl::StatusCode kUnavailable = absl::StatusCode::kUnavailable;

const PairOptions kIdleServer = {.server = {.idle_timeout_us = kIdleUs}};
const PairOptions kIdleClient = {.client = {.idle_timeout_us = kIdleUs}};
const PairOptions kOldServer = {.server = {.age_max_us = kAgeUs, .age_grace_us = kGraceUs}};

TEST(Idle, AServerDrainsAConnectionThatNobodyUses) {
  SessionPair pair(kIdleServer);
  pair.Run();
  pair.Wait(kIdleUs - 1);
  EXPECT_EQ(pair.Count("S: GOAWAY"), 0);
  pair.Wait(1);
  EXPECT_EQ(pair.Count("S: GOAWAY"), 2);
  EXPECT_TRUE(pair.draining);
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kIdle);
}

TEST(Idle, ACallOnItsWayIsNotLost) {
  SessionPair pair(kIdleServer);
  pair.Run();
  pair.Wait(kIdleUs - 1);
  const uint64_t call = pair.Open("Unary", "x");
  pair.Wait(1, false);
  EXPECT_TRUE(pair.server().draining());
  pair.Run();
  EXPECT_TRUE(pair.AtServer(call).begun);
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "y");
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kIdle);
}

TEST(Idle, ACallThatIsOpenIsUseAndPingsAreNot) {
  SessionPair pair(kIdleServer);
  const uint64_t call = pair.OpenBare("Both");
  pair.Wait(10 * kIdleUs);
  EXPECT_GE(pair.Count("S: PING") + pair.Count("C: PING"), 10);
  EXPECT_FALSE(pair.server_closed.has_value());
  pair.End(call);
  pair.Wait(kIdleUs - 1);
  EXPECT_FALSE(pair.server_closed.has_value());
  pair.Wait(1);
  EXPECT_TRUE(pair.server_closed.has_value());
}

TEST(Idle, AConnectionWithoutHelloIsClosedAtOnce) {
  SessionPair pair({.server = {.idle_timeout_us = kIdleUs}, .hello = false});
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  pair.Reply(call, "y");
  pair.Wait(kIdleUs);
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
  EXPECT_EQ(pair.server().ending(), Ending::kAfterOutput);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kIdle);
  EXPECT_EQ(pair.Count("S: GOAWAY"), 0);
}

TEST(Idle, AClientShutsItsConnectionDown) {
  SessionPair pair(kIdleClient);
  const uint64_t call = pair.Open("Unary", "x");
  pair.Wait(2 * kIdleUs);
  EXPECT_FALSE(pair.client_closed.has_value());
  pair.Reply(call, "y");
  pair.Wait(kIdleUs - 1);
  EXPECT_FALSE(pair.client_closed.has_value());
  pair.Wait(1);
  EXPECT_EQ(pair.client_closed, absl::UnavailableError("no call was open for 1m"));
  EXPECT_EQ(pair.client().ending(), Ending::kAfterOutput);
  EXPECT_EQ(pair.client().close_cause(), CloseCause::kIdle);
}

TEST(Idle, AReplyThatWaitsToBeReadIsUse) {
  SessionPair pair({.client = {.idle_timeout_us = kIdleUs}, .read_at_once = false});
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.Run();
  pair.server().Write(call, {"y"});
  pair.End(call);
  pair.Wait(2 * kIdleUs);
  EXPECT_FALSE(pair.client_closed.has_value());
  EXPECT_EQ(pair.ReadClient(call), std::vector<std::string>{"y"});
}

TEST(Age, AnOldConnectionIsDrainedAndItsCallsGoOn) {
  SessionPair pair(kOldServer);
  pair.Run();
  pair.Wait(kAgeUs - 1);
  const uint64_t call = pair.Open("Unary", "x");
  pair.Wait(1);
  EXPECT_EQ(pair.Count("S: GOAWAY"), 2);
  EXPECT_FALSE(pair.server_closed.has_value());
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "y");
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kAged);
}

TEST(Age, AfterTheGraceTheCallsOfAnOldConnectionAreCancelled) {
  SessionPair pair(kOldServer);
  const uint64_t call = pair.OpenBare("Both");
  pair.Wait(kAgeUs + kGraceUs - 1);
  EXPECT_EQ(pair.AtServer(call).ends, 0);
  pair.Wait(1);
  EXPECT_EQ(pair.AtServer(call).ends, 1);
  EXPECT_EQ(pair.AtClient(call).status.code(), kUnavailable);
  EXPECT_FALSE(pair.AtClient(call).unseen);
  pair.End(call);
  pair.Wait(1);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kAged);
}

TEST(Age, WithoutAGraceTheCallsHaveAllTheTimeThereIs) {
  SessionPair pair({.server = {.age_max_us = kAgeUs}});
  const uint64_t call = pair.OpenBare("Both");
  pair.Wait(100 * kAgeUs);
  EXPECT_EQ(pair.AtServer(call).ends, 0);
  EXPECT_TRUE(pair.draining);
}

TEST(Age, AnOldConnectionWithoutHelloEndsAfterItsCalls) {
  SessionPair pair({.server = {.age_max_us = kAgeUs}, .hello = false});
  const uint64_t call = pair.Open("Unary", "x");
  pair.Wait(kAgeUs);
  EXPECT_FALSE(pair.server_closed.has_value());
  pair.Reply(call, "y");
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).body, "y");
  EXPECT_EQ(pair.server_closed, absl::OkStatus());
}

TEST(Reject, TellsAClientWhyBeforeItHasSaidAnything) {
  SessionPair pair;
  pair.server().Reject(absl::ResourceExhaustedError("too many connections"));
  pair.ToClient();
  EXPECT_EQ(pair.client_closed->code(), kUnavailable);
  EXPECT_NE(pair.client_closed->message().find("too many connections"), std::string_view::npos);
  EXPECT_EQ(pair.Count("S: GOAWAY 0 RESOURCE_EXHAUSTED \"too many connections\""), 1);
  EXPECT_EQ(pair.server().ending(), Ending::kAfterOutput);
  EXPECT_EQ(pair.server().close_cause(), CloseCause::kRejected);
}

TEST(Reject, LeavesCallsUnseen) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.server().Reject(absl::UnavailableError("only tls:// is served here"));
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).status.code(), kUnavailable);
  EXPECT_FALSE(pair.AtServer(call).begun);
  EXPECT_TRUE(pair.AtClient(call).unseen);
}

TEST(Reject, CancelsTheCallsThatAreOpen) {
  SessionPair pair;
  const uint64_t call = pair.Open("Unary", "x");
  pair.Run();
  pair.server().Reject(absl::PermissionDeniedError("go away"));
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).ends, 1);
  EXPECT_EQ(pair.AtClient(call).ends, 1);
  EXPECT_FALSE(pair.AtClient(call).unseen);
}

}  // namespace
}  // namespace rpc::session
