// Connections: what they hold, and how they end when the peer breaks the protocol or goes away.
#include "absl/strings/str_cat.h"
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kMore;
using wire::WireFault;

std::string Bytes(size_t size) { return std::string(size, 'x'); }

Limits MemoryLimit(uint64_t size_max) {
  Limits limits;
  limits.memory_size_max = size_max;
  return limits;
}

const char* EndingOf(const Session& session) {
  switch (session.ending()) {
    case Ending::kNo:
      return "stays open";
    case Ending::kAfterOutput:
      return "half-closes after its output";
    case Ending::kNow:
      return "closes now";
  }
  return "?";
}

const char* ReadingOf(const Session& session) {
  return session.WantsInput() ? "reads" : "does not read";
}

// Bytes that end a new connection with a GOAWAY that says `sentence`.
Rule Malformed(std::string what, Side side, std::string bytes, std::string sentence) {
  const std::string start = side == kServer ? "S" : "C";
  return {.sentence = what,
          .side = side,
          .exchange =
              [bytes, side](SessionPair& pair) {
                side == kServer ? pair.FeedServer(bytes) : pair.FeedClient(bytes);
              },
          .outcome = {absl::StrCat(start, ": GOAWAY 0 INVALID_ARGUMENT \"", sentence),
                      absl::StrCat(start, " hears CLOSED *")}};
}

// Bytes of another protocol: no GOAWAY answers them.
Rule Foreign(std::string what, Side side, std::string bytes) {
  return {.sentence = what,
          .side = side,
          .exchange =
              [bytes, side](SessionPair& pair) {
                side == kServer ? pair.FeedServer(bytes) : pair.FeedClient(bytes);
                const Session& session = side == kServer ? static_cast<Session&>(pair.server())
                                                         : static_cast<Session&>(pair.client());
                pair.Note(EndingOf(session));
                pair.Note(session.fault() == WireFault::kNotAFrame ? "counted" : "not counted");
              },
          .outcome = {side == kServer ? "S hears CLOSED *" : "C hears CLOSED *", "closes now",
                      "counted"},
          .start = Start::kNew};
}

}  // namespace

std::vector<Rule> MemoryRules() {
  return {
      {.sentence = "Unread messages count, and the call that crosses the budget ends",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.SetReadAtOnce(false);
             pair.FeedServer(hand::BareCall(1, "Both") + hand::BareCall(2, "Both"));
             pair.ForgetPast();
             pair.FeedServer(hand::Message(1, Bytes(60'000)));
             pair.FeedServer(hand::Message(2, Bytes(60'000)) + hand::Ping());
           },
       .outcome = {"S hears MESSAGE 1", "S hears MESSAGE 2", "S: END 2 RESOURCE_EXHAUSTED * BARE",
                   "S hears CANCELLED 2 RESOURCE_EXHAUSTED: *", "S: PONG"},
       .limits = MemoryLimit(100'000)},
      {.sentence = "Unread messages count, and the call that crosses the budget ends",
       .side = kClient,
       .exchange =
           [](SessionPair& pair) {
             pair.SetReadAtOnce(false);
             pair.Open("ServerStream", "x");
             pair.ForgetPast();
             pair.FeedClient(hand::Message(1, Bytes(60'000)));
             pair.FeedClient(hand::Message(1, Bytes(60'000)));
           },
       .outcome = {"C hears MESSAGE 1", "C hears MESSAGE 1", "C: CANCEL 1",
                   "C hears END 1 RESOURCE_EXHAUSTED: *"},
       .limits = MemoryLimit(100'000)},
      {.sentence = "Parts of messages count, and their call was not seen",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(hand::Call(1, "Unary", Bytes(60'000), kMore));
             pair.FeedServer(hand::Call(2, "Unary", Bytes(60'000), kMore));
             pair.FeedServer(hand::Message(1, "x"));
           },
       .outcome = {"S: END 2 RESOURCE_EXHAUSTED * BARE UNSEEN", "S hears CALL 1 Unary 60001 bytes"},
       .limits = MemoryLimit(100'000)},
      {.sentence = "Headers that wait for their message count",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             const std::string value = Bytes(30'000);
             for (uint64_t call = 1; call <= 4; ++call) {
               pair.FeedServer(hand::Frame({.call = call,
                                            .flags = hand::kBare,
                                            .name = "Unary",
                                            .metadata = {{"key", value}}}));
             }
           },
       .outcome = {"S: END 4 RESOURCE_EXHAUSTED * BARE UNSEEN"},
       .limits = MemoryLimit(100'000)},
      {.sentence = "Replies that wait for credit count",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(hand::Call(1, "ServerStream", "x") + hand::Call(2, "Unary", "x"));
             for (int i = 0; i < 4; ++i) pair.server().Write(1, {Bytes(65'536)});
             pair.Run();
             pair.ForgetPast();
             pair.server().Write(1, {Bytes(60'000)});
             pair.server().Write(1, {Bytes(60'000)});
             pair.Listen();
           },
       .outcome = {"S: END 1 RESOURCE_EXHAUSTED * BARE", "S hears CANCELLED 1 *"},
       .limits = MemoryLimit(100'000)},
      {.sentence = "What a client has to send is its own, and does not count",
       .side = kClient,
       .exchange =
           [](SessionPair& pair) {
             pair.Open("Unary", Bytes(500'000));
             pair.Open("Unary", "small");
             pair.Run();
             pair.ForgetPast();
             pair.FeedClient(hand::End(2, "y"));
           },
       .outcome = {"C hears END 2 OK \"y\""},
       .limits = MemoryLimit(100'000)},
      {"Above the bound of its output the server's writes wait, and it stops reading",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "ServerStream", "x") + hand::Call(2, "ServerStream", "x"));
         pair.ForgetPast();
         pair.Note(ReadingOf(pair.server()));
         for (int i = 0; i < 42; ++i) pair.server().Write(1, {Bytes(6'144)});
         pair.server().Write(1, {Bytes(4'096)});
         pair.server().Write(2, {"y"});
         pair.Listen();
         pair.Note(ReadingOf(pair.server()));
         pair.Run();
         pair.Note(ReadingOf(pair.server()));
       },
       {"reads", "42 x S: MESSAGE 1 6144 bytes", "S: MESSAGE 1 4096 bytes", "does not read",
        "S: MESSAGE 2 1 bytes", "S hears WRITABLE 2", "reads"}},
      {"Bytes that wait for credit do not stop the reading",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "ServerStream", "x"));
         pair.server().Write(1, {Bytes(900'000)});
         pair.Run();
         pair.ForgetPast();
         pair.Note(ReadingOf(pair.server()));
       },
       {"reads"}},
      {"Ready bytes that do not move for the keepalive time are a dead connection",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "ServerStream", "x"));
         pair.server().Write(1, {"y"});
         pair.ForgetPast();
         pair.Wait(20'000'000, false);
         pair.FeedServer(hand::Call(2, "Unary", "x").substr(0, 1));  // it still sends
         pair.Wait(9'999'999 + kSecondLookUs, false);
         pair.Note(EndingOf(pair.server()));
         pair.Wait(1, false);
         pair.Note(EndingOf(pair.server()));
       },
       {"stays open", "S hears CANCELLED 1 UNAVAILABLE: *", "S hears CLOSED UNAVAILABLE: *",
        "closes now"}},
      {"A client always reads",
       kClient,
       [](SessionPair& pair) {
         for (int i = 0; i < 9; ++i) pair.Open("Unary", Bytes(65'536));
         pair.ForgetPast();
         pair.Note(ReadingOf(pair.client()));
       },
       {"reads"}},
      {"The end of the client's input is the end of the connection",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.server().InputEnded();
         pair.Listen();
         pair.Reply(1, "too late");
         pair.Note(EndingOf(pair.server()));
       },
       {"S hears CALL 1 Unary \"x\"", "S hears CANCELLED 1 *", "S hears CLOSED UNAVAILABLE: *",
        "half-closes after its output"}},
  };
}

std::vector<Rule> ErrorRules() {
  return {
      {"After a connection error what comes is read and dropped",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Cancel(1) + hand::Call(2, "Unary", "x") + hand::Cancel(5));
         pair.FeedServer(hand::Call(3, "Unary", "x").substr(0, 9));
         pair.Note(EndingOf(pair.server()));
       },
       {"S: GOAWAY 0 INVALID_ARGUMENT *", "S hears CLOSED *", "half-closes after its output"}},
      Malformed("A header length of 0", kServer, std::string(4, '\0'), "header length is 0, *"),
      Malformed("A header length above the limit", kClient, std::string("\0\1\0\1", 4),
                "header length is 65537, but must be from 1 to 65536\""),
      Malformed("A header that is no protobuf", kServer, hand::Record("\x0A\xFF"), "*"),
      Malformed("A header that is no protobuf", kClient, hand::Record("\x0F"), "*"),
      Malformed("A header that is no JSON", kServer, hand::Record("{\"kind\":"), "*"),
      Malformed("A name that is not UTF-8", kServer, hand::Call(1, "\xFF", "x"), "*"),
      Foreign("HTTP is closed at once", kServer, "GET / HTTP/1.1\r\n\r\n"),
      Foreign("HTTP is closed at once", kClient, "HTTP/1.1 400 Bad Request\r\n"),
      Foreign("TLS is closed at once", kServer, "\x16\x03\x01"),
      {.sentence = "The first header must be whole within 10 s",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             const std::string call = hand::Call(1, "Unary", "x");
             for (int i = 0; i < 9; ++i) {
               pair.FeedServer(call.substr(i, 1));
               pair.Wait(kSecondUs);
             }
             pair.Note(EndingOf(pair.server()));
             pair.Wait(kSecondUs + kSecondLookUs);
             pair.Note(EndingOf(pair.server()));
           },
       .outcome = {"stays open", "S hears CLOSED UNAVAILABLE: *", "closes now"},
       .start = Start::kNew},
      {.sentence = "The first body may take longer than 10 s",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             const std::string call = hand::Call(1, "Unary", "hello");
             pair.FeedServer(call.substr(0, call.size() - 1));
             pair.Wait(29 * kSecondUs);
             pair.FeedServer(call.substr(call.size() - 1));
           },
       .outcome = {"S hears CALL 1 Unary \"hello\""},
       .start = Start::kNew},
      {"Input that ends inside a frame has ended all the same",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.ForgetPast();
         pair.FeedClient(hand::End(1, "hello").substr(0, 30));
         pair.client().InputEnded();
         pair.Listen();
       },
       {"C hears END 1 UNAVAILABLE: connection lost: *", "C hears CLOSED *"}},
      {"A body that was corrupted is counted",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::FrameAsItIs({.call = 1, .name = "Unary", .size = 1}, "x"));
         pair.Note(absl::StrCat(pair.server().counters().bodies_corrupted, " corrupted"));
       },
       {"S: END 1 DATA_LOSS *", "1 corrupted"}},
  };
}

}  // namespace rpc::session
