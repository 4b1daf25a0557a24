// The rules of rpc/PROTOCOL.md on calls and connections, as tables: what the rule says, an exchange
// that would show it broken, and all that the side under test may do about it.
//
//     {"Of call 0 at most one is open", kServer,
//      [](SessionPair& pair) {
//        pair.FeedServer(hand::Call(0, "Unary", "x") + hand::Call(0, "Unary", "y"));
//      },
//      {"S hears CALL 0 Unary \"x\"", "S: GOAWAY 0 INVALID_ARGUMENT *", ...}},
//
// The outcome is the whole history of the side under test, line by line (SessionPair::history): a
// frame or an event more or less fails the rule. `*` stands for any text, and "3 x " before a line
// for three such lines.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/session/session_pair.h"

namespace rpc::session {

// Whose behaviour the rule is about. The test plays the other side, unless it is about both.
enum class Side { kServer, kClient, kBoth };
inline constexpr Side kServer = Side::kServer;
inline constexpr Side kClient = Side::kClient;
inline constexpr Side kBoth = Side::kBoth;

// What has happened before the exchange begins, and is no part of the history.
enum class Start {
  kGreeted,  // HELLO both ways
  kPlain,    // nothing, and the client is one without HELLO
  kNew,      // nothing; a client's HELLO is on its way
};

struct Rule {
  std::string sentence;  // "A limit (as the server counts it) holds": the name of a test
  Side side = Side::kServer;
  std::function<void(SessionPair&)> exchange;
  std::vector<std::string> outcome;
  Start start = Start::kGreeted;
  Limits limits = {};  // of the side under test, or of both
};

// Runs the exchange; on any other outcome the test fails with the sentence and the whole history.
void CheckRule(const Rule& rule);

// The sentence in letters and digits, and the side: "OfCall0AtMostOneIsOpenAtServer".
std::string TestName(const Rule& rule);

inline void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.sentence; }

// The tables, in the order of the document.
std::vector<Rule> HeaderFieldRules();
std::vector<Rule> UnknownAndWrongFrameRules();
std::vector<Rule> CallIdRules();
std::vector<Rule> MessageRules();
std::vector<Rule> PartRules();
std::vector<Rule> EndOfCallRules();
std::vector<Rule> FaultRules();
std::vector<Rule> HelloRules();
std::vector<Rule> NoHelloRules();
std::vector<Rule> CreditRules();
std::vector<Rule> KeepaliveRules();
std::vector<Rule> GoawayRules();
std::vector<Rule> MemoryRules();
std::vector<Rule> ErrorRules();

}  // namespace rpc::session
