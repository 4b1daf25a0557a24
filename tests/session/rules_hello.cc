// Connections: HELLO, what may be sent before it has come, and clients that never send it.
#include "absl/strings/str_cat.h"
#include "rpc/wire/header.pb.h"
#include "rpc/wire/md5.h"
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kLast;
using hand::kMore;
using wire::Kind;

// A HELLO with one value of its own.
template <typename Value>
std::string Hello(void (wire::Hello::*set)(Value), Value value,
                  wire::Hello::Md5 md5 = wire::Hello::REQUIRED) {
  wire::Hello hello;
  hello.set_md5(md5);
  (hello.*set)(value);
  return hand::Hello(hello.SerializeAsString());
}

// The same, from a peer that needs no md5: it is sent parts as long as it takes them.
template <typename Value>
std::string Waived(void (wire::Hello::*set)(Value), Value value) {
  return Hello(set, value, wire::Hello::WAIVED);
}

std::string Md5Of(std::string_view body) {
  const wire::Md5Digest digest = wire::Md5(body);
  return std::string(digest.begin(), digest.end());
}

// A server that gets this HELLO and then has a call open.
Rule AtServer(std::string sentence, std::string hello, std::function<void(SessionPair&)> exchange,
              std::vector<std::string> outcome) {
  return {.sentence = sentence,
          .side = kServer,
          .exchange =
              [hello, exchange](SessionPair& pair) {
                pair.FeedServer(hello + hand::Call(1, "Unary", "x"));
                pair.Run();
                pair.ForgetPast();
                exchange(pair);
                pair.Run();
              },
          .outcome = outcome,
          .start = Start::kNew};
}

// A client that gets this HELLO.
Rule AtClient(std::string sentence, std::string hello, std::function<void(SessionPair&)> exchange,
              std::vector<std::string> outcome) {
  return {.sentence = sentence,
          .side = kClient,
          .exchange =
              [hello, exchange](SessionPair& pair) {
                pair.FeedClient(hello);
                exchange(pair);
                pair.Run();
              },
          .outcome = outcome,
          .start = Start::kNew};
}

Rule NotFirst(std::string sentence, std::string frames, std::string goaway) {
  return {
      .sentence = sentence,
      .side = kClient,
      .exchange =
          [frames](SessionPair& pair) {
            pair.Open("Unary", "x");
            pair.FeedClient(frames);
          },
      .outcome = {"C: CALL 1 Unary *", goaway, "C hears END 1 UNAVAILABLE: *", "C hears CLOSED *"},
      .start = Start::kNew};
}

void ReplyOf(SessionPair& pair, size_t size) { pair.Reply(1, std::string(size, 'y')); }

std::string OpenWithMetadata(SessionPair& pair, size_t size) {
  const std::string value(size, 'v');
  const wire::Metadatum metadata[] = {{"key", value}};
  return std::string(
      pair.client().Open({.name = "Unary", .metadata = metadata}).status().ToString());
}

}  // namespace

std::vector<Rule> HelloRules() {
  return {
      {.sentence = "HELLO is answered by HELLO, as the server's first frame",
       .side = kServer,
       .exchange = [](SessionPair& pair) { pair.FeedServer(hand::Hello() + hand::Ping()); },
       .outcome = {"S: HELLO *", "S: PONG"},
       .start = Start::kNew},
      {.sentence = "HELLO is never sent unasked",
       .side = kServer,
       .exchange = [](SessionPair& pair) { pair.FeedServer(hand::Ping()); },
       .outcome = {"S: PONG"},
       .start = Start::kNew},
      {"A second HELLO ends the connection",
       kServer,
       [](SessionPair& pair) { pair.FeedServer(hand::Hello()); },
       {"S: GOAWAY 0 INVALID_ARGUMENT *HELLO*", "S hears CLOSED *"}},
      {.sentence = "A HELLO that is not the first frame ends the connection",
       .side = kServer,
       .exchange = [](SessionPair& pair) { pair.FeedServer(hand::Ping() + hand::Hello()); },
       .outcome = {"S: PONG", "S: GOAWAY 0 INVALID_ARGUMENT *HELLO*", "S hears CLOSED *"},
       .start = Start::kNew},
      {"A second HELLO ends the connection",
       kClient,
       [](SessionPair& pair) { pair.FeedClient(hand::Hello()); },
       {"C: GOAWAY 0 INVALID_ARGUMENT *HELLO*", "C hears CLOSED *"}},
      {.sentence = "A HELLO that was not asked for ends the connection",
       .side = kClient,
       .exchange = [](SessionPair& pair) { pair.FeedClient(hand::Hello()); },
       .outcome = {"C: GOAWAY 0 INVALID_ARGUMENT *HELLO*", "C hears CLOSED *"},
       .start = Start::kPlain},
      NotFirst("A MESSAGE before HELLO ends the connection", hand::Message(1, "y"),
               "C: GOAWAY 0 INVALID_ARGUMENT *MESSAGE came before*"),
      NotFirst("A CREDIT before HELLO ends the connection", hand::Credit(1, 1),
               "C: GOAWAY 0 INVALID_ARGUMENT *CREDIT came before*"),
      NotFirst("A PING before HELLO ends the connection", hand::Ping(),
               "C: GOAWAY 0 INVALID_ARGUMENT *PING came before*"),
      NotFirst("A HELLO that can't be read ends the connection", hand::Hello("\xFF\xFF"),
               "C: GOAWAY 0 INVALID_ARGUMENT *can*t be read*"),
      {.sentence = "A HELLO that can't be read ends the connection",
       .side = kServer,
       .exchange = [](SessionPair& pair) { pair.FeedServer(hand::Hello("\xFF\xFF")); },
       .outcome = {"S: HELLO *", "S: GOAWAY 0 INVALID_ARGUMENT *can*t be read*",
                   "S hears CLOSED *"},
       .start = Start::kNew},
      {.sentence = "GOAWAY may come before HELLO",
       .side = kClient,
       .exchange = [](SessionPair& pair) { pair.FeedClient(hand::Goaway(0, 14, "full")); },
       .outcome = {"C hears CLOSED UNAVAILABLE: *full"},
       .start = Start::kNew},
      AtServer("max_message bounds what is sent",
               Hello(&wire::Hello::set_max_message, uint64_t{10}),
               [](SessionPair& pair) { ReplyOf(pair, 11); },
               {"S: END 1 RESOURCE_EXHAUSTED \"message of 11 bytes, * at most 10\" BARE"}),
      AtClient("max_message bounds what is sent",
               Hello(&wire::Hello::set_max_message, uint64_t{10}),
               [](SessionPair& pair) {
                 const Payload message{"12345678901"};
                 pair.Note(pair.client().Open({.name = "Unary"}, message).status().ToString());
                 pair.Open("Unary", "1234567890");
               },
               {"RESOURCE_EXHAUSTED: message of 11 bytes, *", "C: CALL 1 Unary 10 bytes LAST"}),
      AtServer("max_frame bounds a body", Waived(&wire::Hello::set_max_frame, uint64_t{100'000}),
               [](SessionPair& pair) { ReplyOf(pair, 150'000); },
               {"S: MESSAGE 1 100000 bytes MORE", "S: END 1 OK 50000 bytes"}),
      AtClient("max_frame bounds a body", Waived(&wire::Hello::set_max_frame, uint64_t{100'000}),
               [](SessionPair& pair) { pair.Open("Unary", std::string(150'000, 'x')); },
               {"C: CALL 1 Unary 100000 bytes MORE", "C: MESSAGE 1 50000 bytes LAST"}),
      AtServer("A message that needs no parts goes in parts to be hashed side by side",
               hand::Hello(), [](SessionPair& pair) { ReplyOf(pair, 65'536); },
               {"15 x S: MESSAGE 1 4096 bytes MORE", "S: END 1 OK 4096 bytes"}),
      AtServer("A message that is short goes whole", hand::Hello(),
               [](SessionPair& pair) { ReplyOf(pair, 6'144); }, {"S: END 1 OK 6144 bytes"}),
      AtServer("call_window is the credit of each call",
               Waived(&wire::Hello::set_call_window, uint64_t{70'000}),
               [](SessionPair& pair) { ReplyOf(pair, 100'000); },
               {"S: MESSAGE 1 65536 bytes MORE", "S: MESSAGE 1 4464 bytes MORE"}),
      AtClient("call_window is the credit of each call",
               Waived(&wire::Hello::set_call_window, uint64_t{70'000}),
               [](SessionPair& pair) { pair.Open("Unary", std::string(100'000, 'x')); },
               {"C: CALL 1 Unary 65536 bytes MORE", "C: MESSAGE 1 4464 bytes MORE"}),
      AtClient("max_calls bounds the open calls", Hello(&wire::Hello::set_max_calls, uint64_t{2}),
               [](SessionPair& pair) {
                 pair.client().Cancel(pair.Open("Unary", "x"));
                 pair.Open("Unary", "x");
                 pair.Open("Unary", "x");
                 pair.Note(pair.client().Open({.name = "Unary"}).status().ToString());
               },
               {"C: CALL 1 *", "C: CANCEL 1", "C: CALL 2 *", "C: CALL 3 *",
                "RESOURCE_EXHAUSTED: 2 calls are open, * at most 2"}),
      AtServer("md5 is left out where it is waived",
               Hello(&wire::Hello::set_md5, wire::Hello::WAIVED),
               [](SessionPair& pair) {
                 ReplyOf(pair, 5);
                 pair.Run();
                 pair.Note(pair.received().find(Md5Of("yyyyy")) < 100 ? "md5" : "no md5");
               },
               {"S: END 1 OK 5 bytes", "no md5"}),
      AtServer("md5 is sent where it is not waived", hand::Hello(),
               [](SessionPair& pair) {
                 ReplyOf(pair, 5);
                 pair.Run();
                 pair.Note(pair.received().find(Md5Of("yyyyy")) < 100 ? "md5" : "no md5");
               },
               {"S: END 1 OK 5 bytes", "md5"}),
      AtServer("max_header lets an END be longer",
               Hello(&wire::Hello::set_max_header, uint32_t{100'000}),
               [](SessionPair& pair) {
                 pair.End(1, absl::AbortedError(std::string(70'000, 'm')));
                 pair.Run();
                 pair.Note(absl::StrCat(pair.received().size(), " bytes"));
               },
               {"S: END 1 ABORTED *", "70016 bytes"}),
      AtClient("max_header lets a CALL be longer",
               Hello(&wire::Hello::set_max_header, uint32_t{100'000}),
               [](SessionPair& pair) { pair.Note(OpenWithMetadata(pair, 70'000)); },
               {"C: CALL 1 *", "OK"}),
      AtClient("A value that is absent or 0 is its default", hand::Hello(),
               [](SessionPair& pair) {
                 pair.Note(OpenWithMetadata(pair, 65'536));
                 pair.Open("Unary", std::string(262'145, 'x'));
               },
               {"RESOURCE_EXHAUSTED: the header of the call *65536",
                "C: CALL 1 Unary 4096 bytes MORE", "63 x C: MESSAGE 1 4096 bytes MORE"}),
      AtServer("call_window is at least 65,536", Waived(&wire::Hello::set_call_window, uint64_t{1}),
               [](SessionPair& pair) { ReplyOf(pair, 70'000); }, {"S: MESSAGE 1 65536 bytes MORE"}),
      AtServer("max_frame is at least 65,536", Waived(&wire::Hello::set_max_frame, uint64_t{1}),
               [](SessionPair& pair) { ReplyOf(pair, 65'536); }, {"S: END 1 OK 65536 bytes"}),
      AtServer("max_header is at least 65,536", Hello(&wire::Hello::set_max_header, uint32_t{1}),
               [](SessionPair& pair) {
                 pair.End(1, absl::AbortedError(std::string(70'000, 'm')));
                 pair.Run();
                 pair.Note(absl::StrCat(pair.received().size(), " bytes"));
               },
               {"S: END 1 ABORTED *", "65540 bytes"}),
      {.sentence = "Before the server's HELLO a client sends 65,536 bytes per call",
       .side = kClient,
       .exchange =
           [](SessionPair& pair) {
             const uint64_t call = pair.Open("Both", std::string(65'536 - 64, 'x'));
             pair.client().Write(call, {""});
             pair.client().Write(call, {"y"});
             pair.Open("Unary", "small");
             pair.Run();
             pair.Note("HELLO comes");
             pair.FeedClient(hand::Hello());
             pair.Run();
           },
       .outcome = {"C: CALL 1 Both 65472 bytes", "C: MESSAGE 1", "C: CALL 2 Unary 5 bytes LAST",
                   "HELLO comes", "C: MESSAGE 1 1 bytes", "C hears WRITABLE 1"},
       .start = Start::kNew},
      {.sentence = "Before the server's HELLO a client sends whole messages, and the others wait",
       .side = kClient,
       .exchange =
           [](SessionPair& pair) {
             pair.Open("Unary", std::string(65'537, 'x'));
             const uint64_t call = pair.Open("Both", "small");
             pair.client().Write(call, {std::string(65'500, 'x')});
             pair.Run();
             pair.Note("HELLO comes");
             pair.FeedClient(Waived(&wire::Hello::set_call_window, uint64_t{65'536}));
             pair.Run();
           },
       .outcome = {"C: CALL 1 Unary BARE", "C: CALL 2 Both 5 bytes", "HELLO comes",
                   "C: MESSAGE 1 65536 bytes MORE", "C: MESSAGE 2 65472 bytes MORE"},
       .start = Start::kNew},
  };
}

}  // namespace rpc::session
