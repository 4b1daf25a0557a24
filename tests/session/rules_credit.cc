// Connections: credit, and the fair shares that go with it.
#include "absl/strings/str_cat.h"
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kBare;
using hand::kLast;
using hand::kMore;
using wire::Kind;

// The window and what most rows use up of it.
constexpr uint64_t kWindow = 262'144;

std::string Bytes(size_t size) { return std::string(size, 'x'); }

// A server that has a stream open, whose messages wait to be read.
void OpenUnread(SessionPair& pair) {
  pair.SetReadAtOnce(false);
  pair.FeedServer(hand::BareCall(1, "Both"));
  pair.ForgetPast();
}

// A server that has sent all but `credit` of the window of call 1.
void LeaveCredit(SessionPair& pair, uint64_t credit) {
  pair.FeedServer(hand::Call(1, "ServerStream", "x"));
  for (int i = 0; i < 3; ++i) pair.server().Write(1, {Bytes(65'536)});
  pair.server().Write(1, {Bytes(65'536 - credit)});
  pair.Run();
  pair.ForgetPast();
}

}  // namespace

std::vector<Rule> CreditRules() {
  return {
      {"A body above max_frame goes in parts, and frames of other calls stand between",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x") + hand::Call(2, "Unary", "y"));
         pair.ForgetPast();
         pair.Reply(1, Bytes(200'000));
         pair.Reply(2, Bytes(100'000));
         pair.Run();
       },
       {"16 x S: MESSAGE 1 4096 bytes MORE", "16 x S: MESSAGE 2 4096 bytes MORE",
        "16 x S: MESSAGE 1 4096 bytes MORE", "15 x S: MESSAGE 2 2154 bytes MORE",
        "S: END 2 OK 2154 bytes", "16 x S: MESSAGE 1 4096 bytes MORE", "S: END 1 OK 3392 bytes"}},
      {"Credit counts bodies, but each frame for 64 at least",
       kServer,
       [](SessionPair& pair) {
         LeaveCredit(pair, 200);
         for (int i = 0; i < 4; ++i) pair.server().Write(1, {i < 2 ? "" : "short"});
         pair.Run();
       },
       {"S: MESSAGE 1", "S: MESSAGE 1", "S: MESSAGE 1 5 bytes"}},
      {"A frame without a message costs nothing",
       kServer,
       [](SessionPair& pair) {
         LeaveCredit(pair, 0);
         pair.End(1);
         pair.Run();
       },
       {"S: END 1 OK BARE"}},
      {"Credit is counted for each call",
       kServer,
       [](SessionPair& pair) {
         LeaveCredit(pair, 0);
         pair.FeedServer(hand::Call(2, "ServerStream", "y"));
         pair.server().Write(1, {"waits"});
         pair.server().Write(2, {"goes"});
         pair.Run();
       },
       {"S hears CALL 2 ServerStream \"y\"", "S: MESSAGE 2 4 bytes"}},
      {"A sender with a credit of 64 does not wait, it cuts",
       kServer,
       [](SessionPair& pair) {
         LeaveCredit(pair, 64);
         pair.server().Write(1, {Bytes(100)});
         pair.Run();
         pair.Note("CREDIT comes");
         pair.FeedServer(hand::Credit(1, 64));
         pair.Run();
       },
       {"S: MESSAGE 1 64 bytes MORE", "CREDIT comes", "S: MESSAGE 1 36 bytes",
        "S hears WRITABLE 1"}},
      {"A sender with a credit below 64 waits",
       kServer,
       [](SessionPair& pair) {
         LeaveCredit(pair, 63);
         pair.server().Write(1, {"short"});
         pair.Run();
         pair.Note("CREDIT comes");
         pair.FeedServer(hand::Credit(1, 1));
         pair.Run();
       },
       {"CREDIT comes", "S: MESSAGE 1 5 bytes", "S hears WRITABLE 1"}},
      {"A receiver grants what the application consumes",
       kServer,
       [](SessionPair& pair) {
         OpenUnread(pair);
         for (int i = 0; i < 4; ++i) pair.FeedServer(hand::Message(1, Bytes(65'536)));
         pair.ForgetPast();
         std::string_view message;
         for (int i = 0; i < 4; ++i) pair.server().Read(1, &message);
       },
       {"S: CREDIT 1 +131072", "S: CREDIT 1 +131072"}},
      {"A receiver does not grant while messages of a window wait unread",
       kServer,
       [](SessionPair& pair) {
         OpenUnread(pair);
         for (int i = 0; i < 4; ++i) pair.FeedServer(hand::Message(1, Bytes(65'536)));
       },
       {"S hears MESSAGE 1", "S hears MESSAGE 1", "S hears MESSAGE 1", "S hears MESSAGE 1"}},
      {"A receiver tops up while no whole message waits, and parts count as consumed",
       kServer,
       [](SessionPair& pair) {
         OpenUnread(pair);
         for (int i = 0; i < 6; ++i) pair.FeedServer(hand::Message(1, Bytes(65'536), kMore));
       },
       {"S: CREDIT 1 +131072", "S: CREDIT 1 +131072", "S: CREDIT 1 +131072"}},
      {"A receiver tops up while no whole message waits, and parts count as consumed",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.ForgetPast();
         for (int i = 0; i < 4; ++i) pair.FeedClient(hand::Message(1, Bytes(65'536), kMore));
       },
       {"C: CREDIT 1 +131072", "C: CREDIT 1 +131072"}},
      {"Sending past the credit ends the connection",
       kServer,
       [](SessionPair& pair) {
         OpenUnread(pair);
         pair.FeedServer(hand::Message(1, Bytes(kWindow - 63)) + hand::Message(1, ""));
       },
       {"S hears MESSAGE 1",
        "S: GOAWAY 1 RESOURCE_EXHAUSTED \"call 1 sent a body of 0 bytes, but "
        "its credit is 63\"",
        "S hears CANCELLED 1 *", "S hears CLOSED RESOURCE_EXHAUSTED: *"}},
      {"Sending past the credit ends the connection, as soon as the header is there",
       kServer,
       [](SessionPair& pair) {
         OpenUnread(pair);
         pair.FeedServer(
             hand::FrameAsItIs({.kind = Kind::kMessage, .call = 1, .size = kWindow + 1}));
       },
       {"S: GOAWAY 1 RESOURCE_EXHAUSTED *", "S hears CANCELLED 1 *", "S hears CLOSED *"}},
      {"Sending past the credit ends the connection, also with the CALL",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(
             hand::FrameAsItIs({.call = 1, .flags = kLast, .name = "Unary", .size = kWindow + 1}));
       },
       {"S: GOAWAY * RESOURCE_EXHAUSTED *", "S hears CLOSED *"}},
      {"Sending past the credit ends the connection",
       kClient,
       [](SessionPair& pair) {
         pair.SetReadAtOnce(false);
         pair.Open("ServerStream", "x");
         pair.ForgetPast();
         pair.FeedClient(hand::Message(1, Bytes(kWindow)) + hand::Message(1, ""));
       },
       {"C hears MESSAGE 1", "C: GOAWAY 0 RESOURCE_EXHAUSTED *", "C hears END 1 UNAVAILABLE: *",
        "C hears CLOSED *"}},
      {"Sending past the credit ends the connection, as soon as the header is there",
       kClient,
       [](SessionPair& pair) {
         pair.Open("ServerStream", "x");
         pair.ForgetPast();
         pair.FeedClient(
             hand::FrameAsItIs({.kind = Kind::kMessage, .call = 1, .size = kWindow + 1}));
       },
       {"C: GOAWAY 0 RESOURCE_EXHAUSTED *", "C hears END 1 UNAVAILABLE: *", "C hears CLOSED *"}},
      {"The credit is used up to its last byte",
       kServer,
       [](SessionPair& pair) {
         OpenUnread(pair);
         pair.FeedServer(hand::Message(1, Bytes(kWindow - 64)) + hand::Message(1, "") +
                         hand::Message(1, "", kBare));
       },
       {"S hears MESSAGE 1", "S hears MESSAGE 1"}},
  };
}

}  // namespace rpc::session
