// Connections: a client without HELLO is small, and is not surprised.
#include "absl/strings/str_cat.h"
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kLast;
using wire::Kind;

Rule Plain(std::string sentence, Side side, std::function<void(SessionPair&)> exchange,
           std::vector<std::string> outcome, const Limits& limits = {}) {
  return {.sentence = sentence,
          .side = side,
          .exchange = exchange,
          .outcome = outcome,
          .start = Start::kPlain,
          .limits = limits};
}

}  // namespace

std::vector<Rule> NoHelloRules() {
  const std::string large(300'000, 'x');
  return {
      Plain("Without HELLO there is no HELLO, MORE or CREDIT", kBoth,
            [large](SessionPair& pair) {
              pair.Open("Unary", large);
              pair.Run();
              pair.Reply(1, large);
              pair.Run();
            },
            {"C: CALL 1 Unary 300000 bytes LAST", "S hears CALL 1 Unary 300000 bytes",
             "S: END 1 OK 300000 bytes", "C hears END 1 OK 300000 bytes"}),
      Plain("Without HELLO there is no HELLO, MORE or CREDIT, whatever the first frame is", kServer,
            [large](SessionPair& pair) {
              pair.FeedServer(hand::Ping() + hand::Call(1, "Unary", large));
              pair.Reply(1, large);
              pair.Run();
            },
            {"S: PONG", "S hears CALL 1 Unary 300000 bytes", "S: END 1 OK 300000 bytes"}),
      Plain("Without HELLO there is no PING", kServer,
            [](SessionPair& pair) {
              pair.FeedServer(hand::Call(1, "Unary", "x"));
              pair.Wait(1000 * kSecondUs);
              pair.Reply(1, "y");
              pair.Run();
            },
            {"S hears CALL 1 Unary \"x\"", "S: END 1 OK 1 bytes"}),
      Plain("Without HELLO there is no PING", kClient,
            [](SessionPair& pair) {
              pair.Open("Unary", "x");
              pair.Wait(1000 * kSecondUs);
              pair.FeedClient(hand::End(1, "y"));
            },
            {"C: CALL 1 Unary 1 bytes LAST", "C hears END 1 OK \"y\""}),
      Plain("Without HELLO a silence of 30 s within a frame ends the connection", kServer,
            [](SessionPair& pair) {
              const std::string second = hand::Call(2, "Unary", "y");
              pair.FeedServer(hand::Call(1, "Unary", "x"));
              pair.Wait(100 * kSecondUs);
              pair.FeedServer(second.substr(0, 10));
              pair.Wait(29 * kSecondUs);
              pair.FeedServer(second.substr(10) + second.substr(0, 1));
              pair.Wait(31 * kSecondUs);
            },
            {"S hears CALL 1 Unary \"x\"", "S hears CALL 2 Unary \"y\"",
             "S hears CANCELLED 1 UNAVAILABLE: *dead*", "S hears CANCELLED 2 UNAVAILABLE: *dead*",
             "S hears CLOSED UNAVAILABLE: *within a frame*"}),
      Plain("Without HELLO a PING is answered", kServer,
            [](SessionPair& pair) { pair.FeedServer(hand::Ping()); }, {"S: PONG"}),
      Plain("Without HELLO a drain is not announced", kServer,
            [](SessionPair& pair) {
              pair.FeedServer(hand::Call(1, "Unary", "x"));
              pair.server().Drain();
              pair.FeedServer(hand::Call(2, "Unary", "y") + hand::Call(0, "Unary", "z"));
              pair.Reply(1, "done");
              pair.Run();
            },
            {"S hears CALL 1 Unary \"x\"", "S: END 2 UNAVAILABLE * BARE UNSEEN",
             "S: END 0 UNAVAILABLE * BARE UNSEEN", "S: END 1 OK 4 bytes", "S hears CLOSED OK"}),
      Plain("Without HELLO the GOAWAY of a connection error comes last", kServer,
            [](SessionPair& pair) {
              pair.FeedServer(hand::Call(2, "Unary", "x") + hand::Call(1, "Unary", "y"));
              pair.Reply(2, "too late");
            },
            {"S hears CALL 2 Unary \"x\"", "S: GOAWAY 2 INVALID_ARGUMENT *",
             "S hears CANCELLED 2 *", "S hears CLOSED *"}),
      Plain("Without HELLO the client needs no credit", kServer,
            [large](SessionPair& pair) {
              pair.FeedServer(hand::BareCall(1, "ClientStream"));
              pair.ForgetPast();
              for (int i = 0; i < 20; ++i) pair.FeedServer(hand::Message(1, large));
              pair.Note(absl::StrCat(pair.AtServer(1).messages.size(), " read"));
              pair.ForgetPast();
              pair.FeedServer(hand::Ping());
            },
            {"S: PONG"}),
      Plain("Without HELLO the server needs no credit", kServer,
            [large](SessionPair& pair) {
              pair.FeedServer(hand::Call(1, "ServerStream", "x"));
              for (int i = 0; i < 2; ++i) {
                pair.server().Write(1, {large});
                pair.Run();
              }
            },
            {"S hears CALL 1 ServerStream \"x\"", "S: MESSAGE 1 300000 bytes",
             "S: MESSAGE 1 300000 bytes"}),
      Plain("Without HELLO a CREDIT is ignored", kServer,
            [](SessionPair& pair) {
              pair.FeedServer(hand::Call(1, "Unary", "x") + hand::Credit(1, 5));
            },
            {"S hears CALL 1 Unary \"x\""}),
      Plain("Without HELLO a body needs its md5, also where a HELLO would have waived it", kServer,
            [](SessionPair& pair) {
              pair.FeedServer(hand::FrameAsItIs(
                  {.call = 1, .flags = kLast, .name = "Unary", .size = 5}, "hello"));
            },
            {"S: END 1 DATA_LOSS \"* came without md5\" BARE UNSEEN"}, {.md5_waived = true}),
      Plain("Without HELLO no encoding is offered", kServer,
            [](SessionPair& pair) {
              pair.FeedServer(hand::Frame(
                  {.call = 1, .flags = kLast, .name = "Unary", .encoding = wire::Encoding::kZstd},
                  hand::Zstd("hello")));
            },
            {"S: END 1 UNIMPLEMENTED * BARE UNSEEN"}),
      Plain("Without HELLO the server stops reading while a call has call_window bytes unread",
            kServer,
            [](SessionPair& pair) {
              pair.SetReadAtOnce(false);
              pair.FeedServer(hand::BareCall(1, "Both") + hand::BareCall(2, "Both"));
              pair.ForgetPast();
              const auto wants = [&] { return pair.server().WantsInput() ? "reads" : "waits"; };
              pair.FeedServer(hand::Message(1, std::string(65'536, 'x')) +
                              hand::Message(2, std::string(99'999, 'x')));
              pair.Note(wants());
              pair.FeedServer(hand::Message(1, std::string(34'464, 'x')));
              pair.Note(wants());
              pair.ReadServer(1);
              pair.Note(wants());
            },
            {"S hears MESSAGE 1", "S hears MESSAGE 2", "reads", "S hears MESSAGE 1", "waits",
             "reads"},
            {.call_window = 100'000}),
  };
}

}  // namespace rpc::session
