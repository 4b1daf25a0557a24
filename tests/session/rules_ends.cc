// Calls: the ways in which they end, and what a fault of one of them does.
#include "absl/strings/str_cat.h"
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kLast;
using hand::kMore;
using hand::kUnseen;
using wire::Kind;

constexpr std::string_view kWrongMd5 = "0123456789abcdef";

Limits MessageLimit(uint64_t size_max) {
  Limits limits;
  limits.message_size_max = size_max;
  return limits;
}

// A frame whose body does not have the md5 of its header.
std::string Corrupted(hand::Fields fields) {
  fields.size = 5;
  fields.md5 = kWrongMd5;
  return hand::FrameAsItIs(fields, "hello");
}

// A frame of which only the header is there.
std::string HeaderOnly(hand::Fields fields, uint64_t size) {
  fields.size = size;
  fields.md5 = kWrongMd5;
  return hand::FrameAsItIs(fields);
}

}  // namespace

std::vector<Rule> EndOfCallRules() {
  return {
      {"UNSEEN tells that trying again is safe",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(hand::EndBare(1, 14, "busy", kUnseen));
       },
       {"C: CALL 1 Unary *", "C hears END 1 UNAVAILABLE: busy UNSEEN"}},
      {"UNSEEN means nothing where a frame of the reply came before",
       kClient,
       [](SessionPair& pair) {
         pair.Open("ServerStream", "x");
         pair.FeedClient(hand::Frame({.kind = Kind::kMessage, .call = 1, .flags = hand::kBare}) +
                         hand::EndBare(1, 14, "busy", kUnseen));
       },
       {"C: CALL 1 ServerStream *", "C hears END 1 UNAVAILABLE: busy"}},
      {"UNSEEN means nothing on an END with code 0",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(hand::Frame({.kind = Kind::kEnd, .call = 1, .flags = kUnseen}, "y"));
       },
       {"C: CALL 1 Unary *", "C hears END 1 OK \"y\""}},
      {"UNSEEN is not said of a call whose handler has begun",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.End(1, absl::UnavailableError("busy"));
       },
       {"S hears CALL 1 Unary \"x\"", "S: END 1 UNAVAILABLE \"busy\" BARE"}},
      {"A connection that ends without GOAWAY proves nothing",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.client().InputEnded(absl::DataLossError("connection reset"));
         pair.Listen();
       },
       {"C: CALL 1 Unary *", "C hears END 1 UNAVAILABLE: connection reset",
        "C hears CLOSED UNAVAILABLE: connection reset"}},
      {"An END with a code carries no message, with BARE or without",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(Corrupted({.kind = Kind::kEnd, .call = 1, .code = 5}));
       },
       {"C: CALL 1 Unary *", "C hears END 1 NOT_FOUND*"}},
      {"The server may END before the client's LAST",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::BareCall(1, "ClientStream"));
         pair.Reply(1, "enough");
         pair.FeedServer(hand::Message(1, "x") + hand::Message(1, "y", kMore) + hand::Last(1));
       },
       {"S hears CALL 1 ClientStream", "S: END 1 OK 6 bytes"}},
      {"After the server's END the client sends nothing for the call",
       kClient,
       [](SessionPair& pair) {
         const uint64_t call = pair.OpenBare("ClientStream");
         pair.FeedClient(hand::End(1, "enough"));
         pair.client().Write(call, {"x"});
         pair.client().CloseWriting(call);
         pair.client().Cancel(call);
       },
       {"C: CALL 1 ClientStream BARE", "C hears END 1 OK \"enough\""}},
      {"CANCEL is answered END CANCELLED, and the handler hears of it",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x") + hand::Cancel(1) + hand::Cancel(1));
         pair.Reply(1, "too late");
       },
       {"S hears CALL 1 Unary \"x\"", "S: END 1 CANCELLED \"cancelled\" BARE",
        "S hears CANCELLED 1 CANCELLED: cancelled"}},
      {"An END that is on its way answers CANCEL too",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.Reply(1, "y");
         pair.FeedServer(hand::Cancel(1));
       },
       {"S hears CALL 1 Unary \"x\"", "S: END 1 OK 1 bytes"}},
      {"A reply that waits for credit is given up with its call",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.Reply(1, std::string(300'000, 'y'));
         pair.Run();
         pair.ForgetPast();
         pair.FeedServer(hand::Cancel(1) + hand::Credit(1, 100'000));
         pair.Run();
         pair.Note(absl::StrCat(pair.server().open_calls(), " open"));
       },
       {"S: END 1 CANCELLED * BARE", "0 open"}},
      {"A call that is given up gets CANCEL, and nothing after it",
       kClient,
       [](SessionPair& pair) {
         const uint64_t call = pair.OpenBare("Both");
         pair.client().Write(call, {std::string(300'000, 'x')});
         pair.Run();
         pair.ForgetPast();
         pair.client().Cancel(call);
         pair.client().Write(call, {"y"});
         pair.FeedClient(hand::Credit(1, 100'000));
         pair.Run();
       },
       {"C: CANCEL 1"}},
      {"The server ends a call whose deadline passed",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(
             hand::Frame({.call = 1, .flags = kLast, .name = "Unary", .timeout_us = 50}, "x"));
         pair.Wait(49);
         pair.Note("now");
         pair.Wait(1);
       },
       {"S hears CALL 1 Unary \"x\"", "now", "S: END 1 DEADLINE_EXCEEDED * BARE",
        "S hears CANCELLED 1 DEADLINE_EXCEEDED: *"}},
      {"The server ends a call whose request was not whole at its deadline",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(
             hand::Frame({.call = 1, .flags = kMore, .name = "Unary", .timeout_us = 50}, "x"));
         pair.Wait(50);
       },
       {"S: END 1 DEADLINE_EXCEEDED * BARE UNSEEN"}},
      {"The client ends a call whose deadline passed by itself",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x", {.deadline_us = pair.now_us() + 50});
         pair.Wait(49);
         pair.Note("now");
         pair.Wait(1);
         pair.FeedClient(hand::EndBare(1, 4));
       },
       {"C: CALL 1 Unary * timeout 50us", "now", "C: CANCEL 1",
        "C hears END 1 DEADLINE_EXCEEDED: *"}},
  };
}

std::vector<Rule> FaultRules() {
  return {
      {"A body that fails its md5 ends its call alone",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(Corrupted({.call = 1, .flags = kLast, .name = "Unary"}) +
                         hand::Call(2, "Unary", "x"));
       },
       {"S: END 1 DATA_LOSS * BARE UNSEEN", "S hears CALL 2 Unary \"x\""}},
      {"A body that fails its md5 later is seen",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::BareCall(1, "Both") +
                         Corrupted({.kind = Kind::kMessage, .call = 1}));
       },
       {"S hears CALL 1 Both", "S: END 1 DATA_LOSS * BARE", "S hears CANCELLED 1 DATA_LOSS: *"}},
      {"A body that fails its md5 ends its call alone",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.Open("ServerStream", "x");
         pair.ForgetPast();
         pair.FeedClient(Corrupted({.kind = Kind::kMessage, .call = 2}) + hand::End(2, "ignored") +
                         hand::End(1, "y"));
       },
       {"C: CANCEL 2", "C hears END 2 DATA_LOSS: *", "C hears END 1 OK \"y\""}},
      {.sentence = "A body of no call that fails its md5 ends the connection",
       .side = kServer,
       .exchange = [](SessionPair& pair) { pair.FeedServer(Corrupted({.kind = Kind::kHello})); },
       .outcome = {"S: HELLO *", "S: GOAWAY 0 DATA_LOSS *", "S hears CLOSED DATA_LOSS: *"},
       .start = Start::kNew},
      {.sentence = "A body of no call that fails its md5 ends the connection",
       .side = kClient,
       .exchange = [](SessionPair& pair) { pair.FeedClient(Corrupted({.kind = Kind::kHello})); },
       .outcome = {"C: GOAWAY 0 DATA_LOSS *", "C hears CLOSED *"},
       .start = Start::kNew},
      {.sentence = "A message above the limit ends its call when the header is there",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(HeaderOnly({.call = 1, .flags = kLast, .name = "Unary"}, 1001));
             pair.Note("the body is still to come");
             pair.FeedServer(std::string(1001, 'x') + hand::Call(2, "Unary", "y"));
           },
       .outcome = {"S: END 1 RESOURCE_EXHAUSTED \"message of 1001 bytes, but at most 1000 *",
                   "the body is still to come", "S hears CALL 2 Unary \"y\""},
       .limits = MessageLimit(1000)},
      {.sentence =
           "A message above the limit in parts ends its call with the part that is too much",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(hand::Call(1, "Unary", std::string(600, 'x'), kMore) +
                             HeaderOnly({.kind = Kind::kMessage, .call = 1}, 401));
             pair.Note("the body is still to come");
             pair.FeedServer(std::string(401, 'x') + hand::Call(2, "Unary", "y"));
           },
       .outcome = {"S: END 1 RESOURCE_EXHAUSTED \"message of at least 1001 bytes, * 1000 *",
                   "the body is still to come", "S hears CALL 2 Unary \"y\""},
       .limits = MessageLimit(1000)},
      {.sentence = "A message at the limit is taken",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(hand::Call(1, "Unary", std::string(600, 'x'), kMore) +
                             hand::Message(1, std::string(400, 'x')));
           },
       .outcome = {"S hears CALL 1 Unary 1000 bytes"},
       .limits = MessageLimit(1000)},
      {.sentence = "A message above the limit ends its call when the header is there",
       .side = kClient,
       .exchange =
           [](SessionPair& pair) {
             pair.Open("Unary", "x");
             pair.Open("Unary", "x");
             pair.ForgetPast();
             pair.FeedClient(HeaderOnly({.kind = Kind::kEnd, .call = 1}, 1001));
             pair.Note("the body is still to come");
             pair.FeedClient(std::string(1001, 'x') + hand::End(2, "y"));
           },
       .outcome = {"C hears END 1 RESOURCE_EXHAUSTED: message of 1001 * 1000 *",
                   "the body is still to come", "C hears END 2 OK \"y\""},
       .limits = MessageLimit(1000)},
      {.sentence = "A body above 1 GiB ends the connection",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(HeaderOnly({.call = 1, .name = "Unary"}, (1 << 30) + 1));
           },
       .outcome = {"S: GOAWAY 0 RESOURCE_EXHAUSTED \"body of 1073741825 bytes, *",
                   "S hears CLOSED *"},
       .start = Start::kPlain},
      {.sentence = "A body of 1 GiB is read and dropped",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(HeaderOnly({.call = 1, .name = "Unary"}, 1 << 30));
             for (int i = 0; i < 4096; ++i) pair.FeedServer(std::string(1 << 18, 'x'));
             pair.FeedServer(hand::Call(2, "Unary", "y"));
           },
       .outcome = {"S: END 1 RESOURCE_EXHAUSTED *", "S hears CALL 2 Unary \"y\""},
       .start = Start::kPlain},
      {.sentence =
           "A message above the limit in parts ends its call with the part that is too much",
       .side = kClient,
       .exchange =
           [](SessionPair& pair) {
             pair.Open("Unary", "x");
             pair.Open("Unary", "x");
             pair.ForgetPast();
             pair.FeedClient(hand::Message(1, std::string(600, 'x'), kMore) +
                             HeaderOnly({.kind = Kind::kEnd, .call = 1}, 401));
             pair.Note("the body is still to come");
             pair.FeedClient(std::string(401, 'x') + hand::End(2, "y"));
           },
       .outcome = {"C hears END 1 RESOURCE_EXHAUSTED: message of at least 1001 bytes, * 1000 *",
                   "the body is still to come", "C hears END 2 OK \"y\""},
       .limits = MessageLimit(1000)},
      {"A body above 1 GiB ends the connection",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(HeaderOnly({.kind = Kind::kEnd, .call = 1}, (1 << 30) + 1));
       },
       {"C: CALL 1 Unary *", "C: GOAWAY 0 RESOURCE_EXHAUSTED *", "C hears END 1 UNAVAILABLE: *",
        "C hears CLOSED *"}},
  };
}

}  // namespace rpc::session
