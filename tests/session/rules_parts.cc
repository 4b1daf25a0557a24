// Calls: messages in parts.
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kBare;
using hand::kLast;
using hand::kMore;
using wire::Kind;

// A client that has a call with one reply and one with many.
void OpenBoth(SessionPair& pair) {
  pair.Open("Unary", "x");
  pair.Open("ServerStream", "x");
  pair.ForgetPast();
}

// A frame of call 1 that breaks the connection of a server that has it open.
Rule Breach(std::string sentence, std::string frames) {
  return {sentence,
          kServer,
          [frames](SessionPair& pair) {
            pair.FeedServer(hand::BareCall(1, "Both"));
            pair.FeedServer(frames);
          },
          {"S hears CALL 1 Both", "S: GOAWAY * INVALID_ARGUMENT *", "S hears CANCELLED 1 *",
           "S hears CLOSED INVALID_ARGUMENT: *"}};
}

// The same for a client, which has calls 1 and 2.
Rule ClientBreach(std::string sentence, std::string frames) {
  return {sentence,
          kClient,
          [frames](SessionPair& pair) {
            OpenBoth(pair);
            pair.FeedClient(frames);
          },
          {"C: GOAWAY 0 INVALID_ARGUMENT *", "C hears END 1 UNAVAILABLE: *",
           "C hears END 2 UNAVAILABLE: *", "C hears CLOSED *"}};
}

}  // namespace

std::vector<Rule> PartRules() {
  return {
      {"A cut request is CALL MORE, MESSAGE MORE, MESSAGE",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "ab", kMore) + hand::Message(1, "cd", kMore) +
                         hand::Message(1, "ef", kLast));
       },
       {"S hears CALL 1 Unary \"abcdef\""}},
      {"A later request is cut as MESSAGE MORE, MESSAGE",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::BareCall(1, "Both") + hand::Message(1, "ab", kMore) +
                         hand::Message(1, "cd") + hand::Message(1, "ef", kMore) +
                         hand::Message(1, "gh", kLast));
       },
       {"S hears CALL 1 Both", "S hears MESSAGE 1 \"abcd\"", "S hears MESSAGE 1 \"efgh\"",
        "S hears LAST 1"}},
      {"A cut reply is MESSAGE MORE, then MESSAGE or END",
       kClient,
       [](SessionPair& pair) {
         OpenBoth(pair);
         pair.FeedClient(hand::Message(2, "ab", kMore) + hand::Message(2, "cd") +
                         hand::Message(2, "ef", kMore) + hand::End(2, "gh"));
         pair.FeedClient(hand::Message(1, "ab", kMore) + hand::End(1, "cd"));
       },
       {"C hears MESSAGE 2 \"abcd\"", "C hears MESSAGE 2 \"efgh\"", "C hears END 2 OK",
        "C hears END 1 OK \"abcd\""}},
      {"The last part may be empty",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "ab", kMore) + hand::Message(1, "", kLast));
       },
       {"S hears CALL 1 Unary \"ab\""}},
      Breach("MORE never stands with LAST", hand::Message(1, "x", kMore | kLast)),
      Breach("MORE never stands with BARE", hand::Message(1, "", kMore | kBare)),
      Breach("MORE never stands with size 0", hand::Message(1, "", kMore)),
      Breach("MORE never stands with LAST on a CALL", hand::Call(2, "Both", "x", kMore | kLast)),
      Breach("MORE never stands with BARE on a CALL", hand::BareCall(2, "Both", kMore)),
      Breach("MORE never stands with size 0 on a CALL", hand::Call(2, "Both", "", kMore)),
      ClientBreach("MORE never stands with BARE", hand::Message(2, "", kMore | kBare)),
      ClientBreach("MORE never stands with size 0", hand::Message(2, "", kMore)),
      ClientBreach("MORE never stands on an END",
                   hand::Frame({.kind = Kind::kEnd, .call = 2, .flags = kMore}, "x")),
      {"Between the parts CREDIT and frames of other calls may stand",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "ab", kMore) + hand::Credit(1, 5) + hand::Ping() +
                         hand::Call(2, "Unary", "x") + hand::Message(1, "cd"));
       },
       {"S: PONG", "S hears CALL 2 Unary \"x\"", "S hears CALL 1 Unary \"abcd\""}},
      {"Between the parts CREDIT and frames of other calls may stand",
       kClient,
       [](SessionPair& pair) {
         OpenBoth(pair);
         pair.FeedClient(hand::Message(1, "ab", kMore) + hand::Message(2, "x") +
                         hand::Credit(1, 5) + hand::End(1, "cd"));
       },
       {"C hears MESSAGE 2 \"x\"", "C hears END 1 OK \"abcd\""}},
      {"CANCEL cuts a message short",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::BareCall(1, "Both") + hand::Message(1, "ab", kMore) +
                         hand::Cancel(1) + hand::Call(2, "Unary", "ab", kMore) + hand::Cancel(2));
       },
       {"S hears CALL 1 Both", "S: END 1 CANCELLED * BARE", "S hears CANCELLED 1 *",
        "S: END 2 CANCELLED * BARE UNSEEN"}},
      {"An END with a code cuts a message short",
       kClient,
       [](SessionPair& pair) {
         OpenBoth(pair);
         pair.FeedClient(hand::Message(1, "ab", kMore) + hand::EndBare(1, 10) +
                         hand::Message(2, "ab", kMore) +
                         hand::Frame({.kind = Kind::kEnd, .call = 2, .code = 10}));
       },
       {"C hears END 1 ABORTED*", "C hears END 2 ABORTED*"}},
      Breach("Between the parts no frame without a message stands",
             hand::Message(1, "ab", kMore) + hand::Message(1, "", kBare)),
      Breach("Between the parts the client does not say that it is done",
             hand::Message(1, "ab", kMore) + hand::Last(1)),
      ClientBreach("Between the parts no frame without a message stands",
                   hand::Message(2, "ab", kMore) + hand::Message(2, "", kBare)),
      ClientBreach("Between the parts no call ends well",
                   hand::Message(2, "ab", kMore) + hand::EndBare(2)),
  };
}

}  // namespace rpc::session
