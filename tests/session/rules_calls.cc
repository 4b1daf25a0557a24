// Calls: their ids, and the messages they carry.
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {

using hand::kBare;
using hand::kLast;
using wire::Kind;

std::vector<Rule> CallIdRules() {
  return {
      {"A call is opened by CALL and closed by exactly one END",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.Reply(1, "y");
         pair.Run();
         pair.Reply(1, "z");
         pair.FeedServer(hand::Cancel(1));
       },
       {"S hears CALL 1 Unary \"x\"", "S: END 1 OK 1 bytes"}},
      {"A call is closed by the end of the connection",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.client().InputEnded();
         pair.Listen();
       },
       {"C: CALL 1 Unary 1 bytes LAST", "C hears END 1 UNAVAILABLE: *", "C hears CLOSED *"}},
      {"Ids rise and may have gaps",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(2, "Unary", "x") + hand::Call(90, "Unary", "y"));
       },
       {"S hears CALL 2 Unary \"x\"", "S hears CALL 90 Unary \"y\""}},
      {"Ids rise with each CALL",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.client().Cancel(pair.Open("Unary", "x"));
         pair.Open("Unary", "x");
       },
       {"C: CALL 1 Unary *", "C: CALL 2 Unary *", "C: CANCEL 2", "C: CALL 3 Unary *"}},
      {"A CALL that is the highest seen ends the connection",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(5, "Unary", "x") + hand::Call(5, "Unary", "y"));
       },
       {"S hears CALL 5 Unary \"x\"", "S: GOAWAY 5 INVALID_ARGUMENT \"CALL 5 is not above *, 5\"",
        "S hears CANCELLED 5 *", "S hears CLOSED INVALID_ARGUMENT: CALL 5 *"}},
      {"A CALL below the highest seen ends the connection",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(5, "None", "x") + hand::Call(4, "Unary", "y"));
       },
       {"S: END 5 UNIMPLEMENTED *", "S: GOAWAY 5 INVALID_ARGUMENT \"CALL 4 is not above *, 5\"",
        "S hears CLOSED *"}},
      {"A CALL that is refused counts as seen",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(5, "None", "x", hand::kMore) + hand::Message(5, "y"));
         pair.FeedServer(hand::Cancel(5) + hand::Credit(5, 1) + hand::Ping());
       },
       {"S: END 5 UNIMPLEMENTED *", "S: PONG"}},
      {"Of call 0 at most one is open",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(0, "Unary", "x") + hand::Call(0, "Unary", "y"));
       },
       {"S hears CALL 0 Unary \"x\"", "S: GOAWAY 0 INVALID_ARGUMENT *", "S hears CANCELLED 0 *",
        "S hears CLOSED *"}},
      {"Call 0 is never above the highest id, and may follow any",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(7, "Unary", "x") + hand::Call(0, "Unary", "y"));
       },
       {"S hears CALL 7 Unary \"x\"", "S hears CALL 0 Unary \"y\""}},
      {"Call 0 may be used again after its END",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(0, "Unary", "x"));
         pair.Reply(0, "y");
         pair.Run();
         pair.FeedServer(hand::Call(0, "Unary", "z"));
       },
       {"S hears CALL 0 Unary \"x\"", "S: END 0 OK 1 bytes", "S hears CALL 0 Unary \"z\""}},
      {"A call 0 whose END is out frees its id though its handler still runs",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(0, "Unary", "x") + hand::Cancel(0));
         pair.FeedServer(hand::Call(0, "Unary", "y"));
         pair.Reply(0, "too late");
         pair.FeedServer(hand::Call(0, "Unary", "z"));
       },
       {"S hears CALL 0 Unary \"x\"", "S: END 0 CANCELLED *", "S hears CANCELLED 0 *",
        "S: END 0 RESOURCE_EXHAUSTED * BARE UNSEEN", "S hears CALL 0 Unary \"z\""}},
      {"Frames for a closed call are ignored",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(3, "Unary", "x"));
         pair.Reply(3, "y");
         pair.Run();
         pair.FeedServer(hand::Message(3, "x") + hand::Cancel(3) + hand::Credit(3, 9));
         pair.FeedServer(hand::Message(2, "x") + hand::Cancel(1) + hand::Credit(0, 9));
       },
       {"S hears CALL 3 Unary \"x\"", "S: END 3 OK 1 bytes"}},
      {"Frames for a closed call are ignored",
       kClient,
       [](SessionPair& pair) {
         pair.client().Cancel(pair.Open("Unary", "x"));
         pair.FeedClient(hand::Message(1, "y") + hand::Credit(1, 9) + hand::End(1, "z"));
         pair.FeedClient(hand::EndBare(0) + hand::EndBare(1, 5));
       },
       {"C: CALL 1 Unary 1 bytes LAST", "C: CANCEL 1"}},
      {"MESSAGE above the highest id ends the connection",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::Message(1, "x")); },
       {"S: GOAWAY 0 INVALID_ARGUMENT \"MESSAGE for call 1, *", "S hears CLOSED *"}},
      {"CANCEL above the highest id ends the connection",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::Cancel(1)); },
       {"S: GOAWAY 0 INVALID_ARGUMENT \"CANCEL for call 1, *", "S hears CLOSED *"}},
      {"CREDIT above the highest id ends the connection",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::Credit(1, 1)); },
       {"S: GOAWAY 0 INVALID_ARGUMENT \"CREDIT for call 1, *", "S hears CLOSED *"}},
      {"MESSAGE above the highest id ends the connection",
       kClient,
       [](SessionPair& pair) { pair.FeedClient(hand::Message(1, "x")); },
       {"C: GOAWAY 0 INVALID_ARGUMENT \"MESSAGE for call 1, *", "C hears CLOSED *"}},
      {"END above the highest id ends the connection",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(hand::End(2, "x"));
       },
       {"C: CALL 1 Unary 1 bytes LAST", "C: GOAWAY 0 INVALID_ARGUMENT \"END for call 2, *",
        "C hears END 1 UNAVAILABLE: *", "C hears CLOSED *"}},
      {"CREDIT above the highest id ends the connection",
       kClient,
       [](SessionPair& pair) { pair.FeedClient(hand::Credit(1, 1)); },
       {"C: GOAWAY 0 INVALID_ARGUMENT \"CREDIT for call 1, *", "C hears CLOSED *"}},
  };
}

std::vector<Rule> MessageRules() {
  return {
      {"Unary: two frames in all",
       kBoth,
       [](SessionPair& pair) {
         const uint64_t call = pair.Open("Unary", "x");
         pair.Run();
         pair.Reply(call, "y");
         pair.Run();
       },
       {"C: CALL 1 Unary 1 bytes LAST", "S hears CALL 1 Unary \"x\"", "S: END 1 OK 1 bytes",
        "C hears END 1 OK \"y\""}},
      {"Server streaming: CALL LAST, MESSAGE, END BARE",
       kBoth,
       [](SessionPair& pair) {
         const uint64_t call = pair.Open("ServerStream", "x");
         pair.Run();
         pair.server().Write(call, {"a"});
         pair.server().Write(call, {"b"});
         pair.End(call);
         pair.Run();
       },
       {"C: CALL 1 ServerStream 1 bytes LAST", "S hears CALL 1 ServerStream \"x\"",
        "S: MESSAGE 1 1 bytes", "S: MESSAGE 1 1 bytes", "S: END 1 OK BARE",
        "C hears MESSAGE 1 \"a\"", "C hears MESSAGE 1 \"b\"", "C hears END 1 OK"}},
      {"Client streaming: CALL BARE, MESSAGE, MESSAGE BARE LAST, END",
       kBoth,
       [](SessionPair& pair) {
         const uint64_t call = pair.OpenBare("ClientStream");
         pair.client().Write(call, {"a"});
         pair.client().CloseWriting(call);
         pair.Run();
         pair.Reply(call, "y");
         pair.Run();
       },
       {"C: CALL 1 ClientStream BARE", "C: MESSAGE 1 1 bytes", "C: MESSAGE 1 LAST BARE",
        "S hears CALL 1 ClientStream", "S hears MESSAGE 1 \"a\"", "S hears LAST 1",
        "S: END 1 OK 1 bytes", "C hears END 1 OK \"y\""}},
      {"Client streaming: the first message on CALL, LAST on the last",
       kBoth,
       [](SessionPair& pair) {
         const uint64_t call = pair.Open("ClientStream", "a");
         pair.client().Write(call, {"b"}, true);
         pair.Run();
       },
       {"C: CALL 1 ClientStream 1 bytes", "C: MESSAGE 1 1 bytes LAST",
        "S hears CALL 1 ClientStream", "S hears MESSAGE 1 \"a\"", "S hears MESSAGE 1 \"b\"",
        "S hears LAST 1"}},
      {"The last reply of a stream may ride on the END",
       kClient,
       [](SessionPair& pair) {
         pair.Open("ServerStream", "x");
         pair.FeedClient(hand::Message(1, "a") + hand::End(1, "b"));
       },
       {"C: CALL 1 ServerStream 1 bytes LAST", "C hears MESSAGE 1 \"a\"", "C hears MESSAGE 1 \"b\"",
        "C hears END 1 OK"}},
      {"A message after LAST is INVALID_ARGUMENT",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::BareCall(1, "Both", kLast) + hand::Message(1, "x"));
       },
       {"S hears CALL 1 Both", "S hears LAST 1", "S: END 1 INVALID_ARGUMENT * BARE",
        "S hears CANCELLED 1 *"}},
      {"A frame without BARE and with size 0 carries an empty message",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "") + hand::Call(2, "Both", "", 0) +
                         hand::Message(2, "") + hand::Message(2, "", kLast));
       },
       {"S hears CALL 1 Unary \"\"", "S hears CALL 2 Both", "S hears MESSAGE 2 \"\"",
        "S hears MESSAGE 2 \"\"", "S hears MESSAGE 2 \"\"", "S hears LAST 2"}},
      {"A frame without BARE and with size 0 carries an empty message",
       kClient,
       [](SessionPair& pair) {
         pair.Open("ServerStream", "x");
         pair.Open("Unary", "x");
         pair.ForgetPast();
         pair.FeedClient(hand::Message(1, "") + hand::End(1, "") + hand::End(2, ""));
       },
       {"C hears MESSAGE 1 \"\"", "C hears MESSAGE 1 \"\"", "C hears END 1 OK",
        "C hears END 2 OK \"\""}},
      {"A frame with BARE carries no message, and its body is dropped unchecked",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::FrameAsItIs(
             {.call = 1, .flags = kBare, .name = "Both", .size = 5, .md5 = "wrong"}, "hello"));
         pair.FeedServer(hand::FrameAsItIs(
             {.kind = Kind::kMessage, .call = 1, .flags = kBare | kLast, .size = 5}, "hello"));
       },
       {"S hears CALL 1 Both", "S hears LAST 1"}},
      {"A frame with BARE carries no message, and its body is dropped unchecked",
       kClient,
       [](SessionPair& pair) {
         pair.Open("ServerStream", "x");
         pair.ForgetPast();
         pair.FeedClient(hand::FrameAsItIs(
             {.kind = Kind::kMessage, .call = 1, .flags = kBare, .size = 5}, "hello"));
         pair.FeedClient(hand::FrameAsItIs(
             {.kind = Kind::kEnd, .call = 1, .flags = kBare, .size = 5, .md5 = "wrong"}, "hello"));
       },
       {"C hears END 1 OK"}},
      {"A method with one request starts when that is whole, and does not wait for LAST",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x", 0) + hand::BareCall(2, "Unary"));
         pair.FeedServer(hand::Message(2, "y"));
       },
       {"S hears CALL 1 Unary \"x\"", "S hears CALL 2 Unary \"y\""}},
      {"LAST without the one request is INVALID_ARGUMENT",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::BareCall(1, "Unary", kLast) + hand::BareCall(2, "ServerStream"));
         pair.FeedServer(hand::Last(2));
       },
       {"S: END 1 INVALID_ARGUMENT \"no message *\" BARE UNSEEN",
        "S: END 2 INVALID_ARGUMENT \"no message *\" BARE UNSEEN"}},
      {"A second request for a method with one is INVALID_ARGUMENT",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x", 0) + hand::Message(1, "y"));
       },
       {"S hears CALL 1 Unary \"x\"", "S: END 1 INVALID_ARGUMENT \"a second message *\" BARE",
        "S hears CANCELLED 1 *"}},
      {"A single reply that did not come is INTERNAL",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(hand::EndBare(1));
       },
       {"C: CALL 1 Unary *", "C hears END 1 INTERNAL: *"}},
      {"A second reply where one is due is INTERNAL",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(hand::Message(1, "y") + hand::End(1, "z"));
       },
       {"C: CALL 1 Unary *", "C hears END 1 INTERNAL: *"}},
      {"A single reply may stand before its END",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(hand::Message(1, "y") + hand::EndBare(1));
       },
       {"C: CALL 1 Unary *", "C hears END 1 OK \"y\""}},
  };
}

}  // namespace rpc::session
