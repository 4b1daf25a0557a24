// The header record: what its fields mean to a call, and what a receiver does not know or take.
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kBare;
using hand::kLast;
using wire::Encoding;
using wire::Kind;

constexpr std::string_view kWrongMd5 = "0123456789abcdef";
constexpr uint64_t kTooLarge = wire::kNumberMax + 1;

// A CALL of five bytes with this md5.
std::string CallWithMd5(uint64_t call, std::string_view md5) {
  return hand::FrameAsItIs({.call = call, .flags = kLast, .name = "Unary", .size = 5, .md5 = md5},
                           "hello");
}

std::string EndWithMd5(uint64_t call, std::string_view md5) {
  return hand::FrameAsItIs({.kind = Kind::kEnd, .call = call, .size = 5, .md5 = md5}, "hello");
}

std::string CallWithMetadata(uint64_t call, std::vector<wire::Metadatum> metadata) {
  return hand::Frame({.call = call, .flags = kLast, .name = "Unary", .metadata = metadata}, "x");
}

}  // namespace

std::vector<Rule> HeaderFieldRules() {
  return {
      {"An md5 is required where there is a body",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(CallWithMd5(1, "")); },
       {"S: END 1 DATA_LOSS \"the body of 5 bytes came without md5\" BARE UNSEEN"}},
      {"An md5 is required where there is a body",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(EndWithMd5(1, ""));
       },
       {"C: CALL 1 Unary 1 bytes LAST",
        "C hears END 1 DATA_LOSS: the body of 5 bytes came without md5"}},
      {"An md5 of another length than 16 has failed",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(CallWithMd5(1, kWrongMd5.substr(1)) +
                         CallWithMd5(2, std::string(kWrongMd5) + "0"));
       },
       {"S: END 1 DATA_LOSS *", "S: END 2 DATA_LOSS *"}},
      {"An md5 is not looked at where there is no body",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(
             hand::FrameAsItIs({.call = 1, .flags = kLast, .name = "Unary", .md5 = kWrongMd5}));
       },
       {"S hears CALL 1 Unary \"\""}},
      {.sentence = "A receiver that waives md5 takes bodies without it",
       .side = kServer,
       .exchange = [](SessionPair& pair) { pair.FeedServer(CallWithMd5(1, "")); },
       .outcome = {"S hears CALL 1 Unary \"hello\""},
       .limits = {.md5_waived = true}},
      {.sentence = "A receiver that waives md5 takes bodies without it",
       .side = kClient,
       .exchange =
           [](SessionPair& pair) {
             pair.Open("Unary", "x");
             pair.FeedClient(EndWithMd5(1, ""));
           },
       .outcome = {"C: CALL 1 Unary 1 bytes LAST", "C hears END 1 OK \"hello\""},
       .limits = {.md5_waived = true}},
      {.sentence = "A waived md5 is compared all the same when it is there",
       .side = kServer,
       .exchange = [](SessionPair& pair) { pair.FeedServer(CallWithMd5(1, kWrongMd5)); },
       .outcome = {"S: END 1 DATA_LOSS * BARE UNSEEN"},
       .limits = {.md5_waived = true}},
      {"A name without a method is UNIMPLEMENTED",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::Call(1, "a.B/Nothing", "x")); },
       {"S: END 1 UNIMPLEMENTED \"there is no method *a.B/Nothing*\" BARE UNSEEN"}},
      {"A timeout is counted from the reading of the header",
       kServer,
       [](SessionPair& pair) {
         const std::string call =
             hand::Frame({.call = 1, .flags = kLast, .name = "Unary", .timeout_us = 1000}, "hello");
         pair.FeedServer(call.substr(0, call.size() - 1));
         pair.Wait(999);
         pair.FeedServer(call.substr(call.size() - 1));
         pair.Wait(1);
       },
       {"S hears CALL 1 Unary \"hello\"", "S: END 1 DEADLINE_EXCEEDED * BARE",
        "S hears CANCELLED 1 DEADLINE_EXCEEDED: *"}},
      {"A timeout of 0 is none",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.Wait(20 * kSecondUs);
       },
       {"S hears CALL 1 Unary \"x\""}},
      {"A client whose deadline has passed sends nothing",
       kClient,
       [](SessionPair& pair) {
         const auto call = pair.client().Open({.name = "Unary", .deadline_us = pair.now_us()});
         pair.Note(call.status().ToString());
       },
       {"DEADLINE_EXCEEDED: *"}},
      {"The least time that is left is sent as 1 us",
       kClient,
       [](SessionPair& pair) { pair.Open("Unary", "x", {.deadline_us = pair.now_us() + 1}); },
       {"C: CALL 1 Unary 1 bytes LAST timeout 1us"}},
      {"A code above 16 reads as UNKNOWN",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.FeedClient(hand::EndBare(1, 17, "new"));
       },
       {"C: CALL 1 Unary 1 bytes LAST", "C hears END 1 UNKNOWN: new"}},
      {"Invalid UTF-8 in a message is replaced by U+FFFD",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.End(1, absl::NotFoundError("no \xFF here"));
       },
       {"S hears CALL 1 Unary \"x\"", "S: END 1 NOT_FOUND \"no \\xef\\xbf\\xbd here\" BARE"}},
      {"A CALL with more than 128 metadata is INVALID_ARGUMENT",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(CallWithMetadata(1, std::vector<wire::Metadatum>(128, {"k", "v"})));
         pair.ForgetPast();
         pair.FeedServer(CallWithMetadata(2, std::vector<wire::Metadatum>(129, {"k", "v"})));
       },
       {"S: END 2 INVALID_ARGUMENT \"metadata has 129 entries, but at most 128 *"}},
      {"A metadata key has 1 to 128 of certain letters",
       kServer,
       [](SessionPair& pair) {
         const std::string long_key(129, 'k');
         pair.FeedServer(CallWithMetadata(1, {{"", "v"}}) + CallWithMetadata(2, {{long_key, "v"}}) +
                         CallWithMetadata(3, {{"Key", "v"}}) + CallWithMetadata(4, {{"k y", "v"}}));
         pair.FeedServer(CallWithMetadata(5, {{"a.z_0-9", ""}}));
       },
       {"S: END 1 INVALID_ARGUMENT *", "S: END 2 INVALID_ARGUMENT *129 bytes*",
        "S: END 3 INVALID_ARGUMENT *Key*", "S: END 4 INVALID_ARGUMENT *",
        "S hears CALL 5 Unary \"x\" a.z_0-9="}},
      {"A metadata value is printable unless its key ends in -bin",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(CallWithMetadata(1, {{"key", "a\n"}}) +
                         CallWithMetadata(2, {{"key-bin", "a\x01"}}));
       },
       {"S: END 1 INVALID_ARGUMENT *printable*", "S hears CALL 2 Unary \"x\" key-bin=a\x01"}},
      {"Metadata of the first MESSAGE is leading, of END trailing, of others nothing",
       kClient,
       [](SessionPair& pair) {
         pair.Open("ServerStream", "x");
         pair.ForgetPast();
         const std::vector<wire::Metadatum> metadata = {{"k", "v"}};
         pair.FeedClient(hand::Frame(
             {.kind = Kind::kMessage, .call = 1, .flags = kBare, .metadata = metadata}));
         pair.FeedClient(hand::Frame({.kind = Kind::kMessage, .call = 1, .metadata = metadata}));
         pair.FeedClient(
             hand::Frame({.kind = Kind::kEnd, .call = 1, .flags = kBare, .metadata = metadata}));
       },
       {"C hears METADATA 1 k=v", "C hears MESSAGE 1 \"\"", "C hears END 1 OK k=v"}},
      {"Details are the payloads of the status",
       kClient,
       [](SessionPair& pair) {
         const uint64_t call = pair.Open("Unary", "x");
         pair.ForgetPast();
         pair.FeedClient(hand::Frame({.kind = Kind::kEnd,
                                      .call = 1,
                                      .flags = kBare,
                                      .code = 5,
                                      .details = {{"t/x", "v"}}}));
         pair.Note(std::string(*pair.AtClient(call).status.GetPayload("t/x")));
       },
       {"C hears END 1 NOT_FOUND: *", "v"}},
      {"An encoding that was not offered is UNIMPLEMENTED",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Frame(
             {.call = 1, .flags = kLast, .name = "Unary", .encoding = Encoding{2}}, "x"));
       },
       {"S: END 1 UNIMPLEMENTED \"encoding 2 was not offered\" BARE UNSEEN"}},
  };
}

std::vector<Rule> UnknownAndWrongFrameRules() {
  return {
      {"Unknown fields and flags are ignored",
       kServer,
       [](SessionPair& pair) {
         // Field 100, flag 512.
         pair.FeedServer(hand::Record("\x12\x05Unary\x28\x01\x30\x81\x04\xA2\x06\x03new"));
       },
       {"S hears CALL 1 Unary \"\""}},
      {"An unknown kind of 64 or above is read past with its body",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::FrameAsItIs({.kind = Kind{64}, .call = 9, .size = 5}, "hello") +
                         hand::Call(1, "Unary", "x"));
       },
       {"S hears CALL 1 Unary \"x\""}},
      {"An unknown kind of 64 or above is read past with its body",
       kClient,
       [](SessionPair& pair) {
         pair.FeedClient(hand::FrameAsItIs({.kind = Kind{1000}, .call = 9, .size = 5}, "hello") +
                         hand::Goaway(0));
       },
       {"C hears DRAINING"}},
      {"Any other unknown kind ends the connection",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::Frame({.kind = Kind{9}})); },
       {"S: GOAWAY 0 UNIMPLEMENTED \"frame of kind 9 *", "S hears CLOSED UNIMPLEMENTED: *"}},
      {"Any other unknown kind ends the connection",
       kClient,
       [](SessionPair& pair) { pair.FeedClient(hand::Frame({.kind = Kind{63}})); },
       {"C: GOAWAY 0 UNIMPLEMENTED \"frame of kind 63 *", "C hears CLOSED *"}},
      {"A client may not send END",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::EndBare(0)); },
       {"S: GOAWAY 0 INVALID_ARGUMENT \"a client may not send END\"",
        "S hears CLOSED INVALID_ARGUMENT: *"}},
      {"A server may not send CALL",
       kClient,
       [](SessionPair& pair) { pair.FeedClient(hand::Call(1, "Unary", "x")); },
       {"C: GOAWAY 0 INVALID_ARGUMENT \"a server may not send CALL\"", "C hears CLOSED *"}},
      {"A server may not send CANCEL",
       kClient,
       [](SessionPair& pair) { pair.FeedClient(hand::Cancel(0)); },
       {"C: GOAWAY 0 INVALID_ARGUMENT \"a server may not send CANCEL\"", "C hears CLOSED *"}},
      {"A body on a kind that has none is read and dropped",
       kServer,
       [](SessionPair& pair) {
         for (const Kind kind : {Kind::kCancel, Kind::kCredit, Kind::kPong, Kind::kGoaway}) {
           pair.FeedServer(hand::FrameAsItIs({.kind = kind, .size = 5, .md5 = kWrongMd5}, "hello"));
         }
         pair.FeedServer(hand::Call(1, "Unary", "x"));
       },
       {"S hears CALL 1 Unary \"x\""}},
      {"A number above 2^53-1 ends the connection",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::Call(kTooLarge, "Unary", "x")); },
       {"S: GOAWAY 0 INVALID_ARGUMENT \"header field call is 9007199254740992, *",
        "S hears CLOSED *"}},
      {"A size above 2^53-1 ends the connection",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::FrameAsItIs({.call = 1, .name = "Unary", .size = kTooLarge}));
       },
       {"S: GOAWAY 0 INVALID_ARGUMENT \"header field size is *", "S hears CLOSED *"}},
      {"A timeout above 2^53-1 ends the connection",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Frame({.call = 1, .name = "Unary", .timeout_us = kTooLarge}));
       },
       {"S: GOAWAY 0 INVALID_ARGUMENT \"header field timeout_us is *", "S hears CLOSED *"}},
      {"A credit above 2^53-1 ends the connection",
       kClient,
       [](SessionPair& pair) { pair.FeedClient(hand::Credit(0, kTooLarge)); },
       {"C: GOAWAY 0 INVALID_ARGUMENT \"header field credit is *", "C hears CLOSED *"}},
      {"The largest numbers are taken, and sums saturate",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Frame({.call = wire::kNumberMax,
                                      .flags = kLast,
                                      .name = "ServerStream",
                                      .timeout_us = wire::kNumberMax},
                                     "x"));
         for (int i = 0; i < 3; ++i)
           pair.FeedServer(hand::Credit(wire::kNumberMax, wire::kNumberMax));
         pair.server().Write(wire::kNumberMax, {"y"});
       },
       {"S hears CALL 9007199254740991 ServerStream \"x\"", "S: MESSAGE 9007199254740991 1 bytes"}},
      {"A size is compared with its limits before it is added to anything",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Both", "part", hand::kMore));
         pair.FeedServer(hand::FrameAsItIs(
             {.kind = Kind::kMessage, .call = 1, .flags = hand::kMore, .size = wire::kNumberMax}));
       },
       {"S hears CALL 1 Both", "S: GOAWAY 1 RESOURCE_EXHAUSTED *", "S hears CANCELLED 1 *",
        "S hears CLOSED RESOURCE_EXHAUSTED: body of 9007199254740991 bytes, *"}},
  };
}

}  // namespace rpc::session
