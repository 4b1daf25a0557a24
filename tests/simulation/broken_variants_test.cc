// Sessions that make a mistake on purpose: the simulation has to find each of them soon.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "rpc/session/fault.h"
#include "tests/simulation/datagram_simulation.h"
#include "tests/simulation/simulation.h"

namespace rpc::simulation {
namespace {

using session::Fault;

constexpr uint64_t kSeedsMax = 1'000;

struct Variant {
  Fault fault;
  const char* name;
  const char* complaint;  // a regular expression: what finds it
  bool datagrams = false;
};

std::string NameOf(const testing::TestParamInfo<Variant>& info) { return info.param.name; }

// Ends the program, with 1 and the complaint once there is one.
[[noreturn]] void RunUntilFound(const Variant& variant) {
  session::broken = variant.fault;
  for (uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
    const Outcome outcome = variant.datagrams ? SimulateDatagrams(seed) : Simulate(seed);
    if (outcome.complaint.empty()) continue;
    std::fprintf(stderr, "found: %s\n", outcome.complaint.c_str());
    std::_Exit(1);
  }
  std::_Exit(0);
}

// By a complaint, or by an invariant of the session's own.
bool Found(int exit_status) {
  return (WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 1) ||
         (WIFSIGNALED(exit_status) && WTERMSIG(exit_status) == SIGABRT);
}

class BrokenVariant : public testing::TestWithParam<Variant> {};

TEST_P(BrokenVariant, IsFoundWithinAThousandSeeds) {
  EXPECT_EXIT(RunUntilFound(GetParam()), Found, GetParam().complaint);
}

TEST(BrokenVariants, AreFoundOnlyWhenTheyAreSwitchedOn) {
  session::broken = Fault::kNone;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    ASSERT_EQ(Simulate(seed).complaint, "") << "seed " << seed;
    ASSERT_EQ(SimulateDatagrams(seed).complaint, "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenVariant,
    testing::Values(
        Variant{Fault::kCallLeaked, "CallLeaked", "a session holds calls or memory"},
        Variant{Fault::kCreditNotReturned, "CreditNotReturned", "there wait .* calls"},
        Variant{Fault::kEndTwice, "EndTwice", "a call has one END"},
        Variant{Fault::kMd5NotChecked, "Md5NotChecked", "came that is not"},
        Variant{Fault::kUnseenAfterHandling, "UnseenAfterHandling",
                "UNSEEN stands on an error|told to be unseen, but a handler began"},
        Variant{Fault::kPartsOutOfOrder, "PartsOutOfOrder", "came that is not|got .* bytes, not"},
        Variant{Fault::kDeadlineForgotten, "DeadlineForgotten",
                "deadline passed, and its handler was not told"},
        Variant{Fault::kCancelNotForwarded, "CancelNotForwarded",
                "a session holds calls or memory"},
        Variant{Fault::kGoawayCallsLost, "GoawayCallsLost",
                "ended for no good reason: UNAVAILABLE"},
        Variant{Fault::kToldAfterCancel, "ToldAfterCancel",
                "ended again, after it was cancelled|told something after its end"},
        Variant{Fault::kEndBeforeMessages, "EndBeforeMessages", "succeeded after .* messages of"},
        Variant{Fault::kMemoryNotCounted, "MemoryNotCounted",
                "have not read .* bytes, but the session counts"},
        Variant{Fault::kWakeupLost, "WakeupLost", "there wait .* calls"},
        Variant{Fault::kDrainLosesCalls, "DrainLosesCalls",
                "ended for no good reason: UNAVAILABLE"},
        Variant{Fault::kSlotFreedEarly, "SlotFreedEarly", "an event came for|handlers run for"},
        Variant{Fault::kKeepaliveAsleep, "KeepaliveAsleep",
                "there wait .* calls|a connection does not close"},
        Variant{Fault::kMessageTwice, "MessageTwice", "came that is not|nobody wrote"},
        Variant{Fault::kCreditIgnored, "CreditIgnored", "keeps to its credit"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    OverDatagrams, BrokenVariant,
    testing::Values(
        Variant{Fault::kDatagramMd5NotChecked, "Md5NotChecked",
                "came that is not|got .* bytes, not", true},
        Variant{Fault::kDatagramForgottenEarly, "ForgottenEarly", "a handler runs again", true},
        Variant{Fault::kDatagramSourceIgnored, "SourceIgnored",
                "had time enough|ended for no good reason", true},
        Variant{Fault::kDatagramReplyOfAnySize, "ReplyOfAnySize", "more than 3 times", true},
        Variant{Fault::kDatagramEntryLeaked, "EntryLeaked",
                "an entry that nobody needs goes|something is remembered", true},
        Variant{Fault::kDatagramSessionIgnored, "SessionIgnored",
                "no handler said so|got .* bytes, not|no good reason", true},
        Variant{Fault::kDatagramRepeatsLost, "RepeatsLost", "had time enough", true},
        Variant{Fault::kDatagramToldAfterCancel, "ToldAfterCancel", "ended again", true}),
    NameOf);

}  // namespace
}  // namespace rpc::simulation
