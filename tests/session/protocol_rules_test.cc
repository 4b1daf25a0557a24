// Every sentence of rpc/PROTOCOL.md on calls and connections, as rows of the tables in rules_*.cc:
// read them beside the document to see that none was forgotten.
#include <gtest/gtest.h>

#include "tests/session/rule.h"

namespace rpc::session {
namespace {

class ProtocolRule : public testing::TestWithParam<Rule> {};

TEST_P(ProtocolRule, Holds) { CheckRule(GetParam()); }

std::string NameOf(const testing::TestParamInfo<Rule>& rule) { return TestName(rule.param); }

auto Rows(std::vector<Rule> (*table)()) { return testing::ValuesIn(table()); }

INSTANTIATE_TEST_SUITE_P(HeaderFields, ProtocolRule, Rows(HeaderFieldRules), NameOf);
INSTANTIATE_TEST_SUITE_P(UnknownAndWrongFrames, ProtocolRule, Rows(UnknownAndWrongFrameRules),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(CallIds, ProtocolRule, Rows(CallIdRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Messages, ProtocolRule, Rows(MessageRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Parts, ProtocolRule, Rows(PartRules), NameOf);
INSTANTIATE_TEST_SUITE_P(EndOfCall, ProtocolRule, Rows(EndOfCallRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Faults, ProtocolRule, Rows(FaultRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Hello, ProtocolRule, Rows(HelloRules), NameOf);
INSTANTIATE_TEST_SUITE_P(NoHello, ProtocolRule, Rows(NoHelloRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Credit, ProtocolRule, Rows(CreditRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Keepalive, ProtocolRule, Rows(KeepaliveRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Goaway, ProtocolRule, Rows(GoawayRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Memory, ProtocolRule, Rows(MemoryRules), NameOf);
INSTANTIATE_TEST_SUITE_P(Errors, ProtocolRule, Rows(ErrorRules), NameOf);

}  // namespace
}  // namespace rpc::session
