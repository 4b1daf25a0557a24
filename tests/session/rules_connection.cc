// Connections: keepalive, GOAWAY and draining, and how many calls there may be.
#include "absl/strings/str_cat.h"
#include "tests/session/hand_frames.h"
#include "tests/session/rule.h"

namespace rpc::session {
namespace {

using hand::kLast;
using hand::kUnseen;

std::string EndingOf(const Session& session) {
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

// A client with calls 1, 2 and 3.
void OpenThree(SessionPair& pair) {
  for (int i = 0; i < 3; ++i) pair.Open("Unary", "x");
  pair.ForgetPast();
}

}  // namespace

std::vector<Rule> KeepaliveRules() {
  const auto idle = [](SessionPair& pair) {
    pair.Wait(29'999'999);
    pair.Note("30 s");
    pair.Wait(9'999'999);
  };
  return {
      {"A connection on which nothing arrives is sent one PING",
       kServer,
       idle,
       {"30 s", "S: PING"}},
      {"A connection on which nothing arrives is sent one PING",
       kClient,
       idle,
       {"30 s", "C: PING"}},
      {.sentence = "PINGs are a second apart at least",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             for (int i = 0; i < 100; ++i) {
               pair.Wait(30'000);
               pair.FeedServer(hand::Pong());
             }
           },
       .outcome = {"S: PING", "S: PING", "S: PING"},
       .limits = {.keepalive_idle_us = 20'000}},
      {"Any byte counts as the answer",
       kServer,
       [](SessionPair& pair) {
         for (int i = 0; i < 3; ++i) {
           pair.Wait(39'999'999);
           pair.FeedServer(hand::Call(1, "Unary", "x").substr(i, 1));
         }
         pair.Note(EndingOf(pair.server()));
       },
       {"S: PING", "S: PING", "S: PING", "stays open"}},
      {"Any byte counts as the answer",
       kClient,
       [](SessionPair& pair) {
         pair.Wait(39'999'999);
         pair.FeedClient(std::string_view("\0", 1));
         pair.Wait(29'999'999);
         pair.Note(EndingOf(pair.client()));
       },
       {"C: PING", "stays open"}},
      {"A side that has stopped reading does not count the time",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "ServerStream", "x"));
         pair.server().Write(1, {std::string(300'000, 'y')});
         pair.Listen();
         pair.ForgetPast();
         for (int i = 0; i < 20; ++i) {
           pair.Wait(9'000'000, false);
           pair.ToClient(1);
         }
         pair.Note(absl::StrCat(pair.server().WantsInput() ? "reads, " : "does not read, ",
                                EndingOf(pair.server())));
       },
       {"does not read, stays open"}},
      {"A peer that does not answer is dead, and its calls are cancelled",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x"));
         pair.ForgetPast();
         pair.Wait(40 * kSecondUs + kSecondLookUs);
         pair.Note(EndingOf(pair.server()));
       },
       {"S: PING", "S hears CANCELLED 1 UNAVAILABLE: *dead*", "S hears CLOSED UNAVAILABLE: *dead*",
        "closes now"}},
      {"A peer that does not answer is dead, and its calls end UNAVAILABLE",
       kClient,
       [](SessionPair& pair) {
         pair.Open("Unary", "x");
         pair.ForgetPast();
         pair.Wait(40 * kSecondUs + kSecondLookUs);
         pair.Note(EndingOf(pair.client()));
       },
       {"C: PING", "C hears END 1 UNAVAILABLE: *dead*", "C hears CLOSED UNAVAILABLE: *dead*",
        "closes now"}},
      {"Of faster PINGs the newest is answered when the rate allows",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Ping() + hand::Ping() + hand::Ping());
         pair.Note("later");
         pair.Wait(kSecondUs);
       },
       {"S: PONG", "later", "S: PONG"}},
      {"Of faster PINGs the newest is answered when the rate allows",
       kClient,
       [](SessionPair& pair) {
         pair.FeedClient(hand::Ping() + hand::Ping());
         pair.Note("later");
         pair.Wait(kSecondUs);
       },
       {"C: PONG", "later", "C: PONG"}},
      {"A PING a second is answered each time",
       kServer,
       [](SessionPair& pair) {
         for (int i = 0; i < 3; ++i) {
           pair.FeedServer(hand::Ping());
           pair.Wait(kSecondUs);
         }
       },
       {"S: PONG", "S: PONG", "S: PONG"}},
      {"A PONG that answers nothing is ignored",
       kBoth,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Pong());
         pair.FeedClient(hand::Pong());
       },
       {}},
  };
}

std::vector<Rule> GoawayRules() {
  return {
      {"A drain is two GOAWAYs, a PING round trip apart",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(3, "Unary", "x"));
         pair.server().Drain();
         pair.FeedServer(hand::Call(4, "Unary", "y") + hand::Pong());
         pair.FeedServer(hand::Call(5, "Unary", "z") + hand::Call(0, "Unary", "z"));
         pair.Reply(3, "x");
         pair.Reply(4, "y");
         pair.Run();
         pair.Note(EndingOf(pair.server()));
       },
       {"S hears CALL 3 Unary \"x\"", "S: GOAWAY 9007199254740991 OK \"*\"", "S: PING",
        "S hears CALL 4 Unary \"y\"", "S: GOAWAY 4 OK \"*\"", "S: END 5 UNAVAILABLE * BARE UNSEEN",
        "S: END 0 UNAVAILABLE * BARE UNSEEN", "S: END 3 OK 1 bytes", "S: END 4 OK 1 bytes",
        "S hears CLOSED OK", "half-closes after its output"}},
      {"A drain waits 1 s for the PONG",
       kServer,
       [](SessionPair& pair) {
         pair.server().Drain();
         pair.Wait(kSecondUs - 1);
         pair.FeedServer(hand::Call(7, "Unary", "x"));
         pair.Note("1 s");
         pair.Wait(1);
       },
       {"S: GOAWAY 9007199254740991 OK *", "S: PING", "S hears CALL 7 Unary \"x\"", "1 s",
        "S: GOAWAY 7 OK *"}},
      {"The GOAWAY of a connection error names the highest id seen",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(3, "None", "x") + hand::Hello());
         pair.Note(EndingOf(pair.server()));
       },
       {"S: END 3 *", "S: GOAWAY 3 INVALID_ARGUMENT *", "S hears CLOSED *",
        "half-closes after its output"}},
      {"A later GOAWAY never names a higher id",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(3, "Unary", "x"));
         pair.server().Drain();
         pair.FeedServer(hand::Pong() + hand::Call(4, "Unary", "y") + hand::Hello());
       },
       {"S hears CALL 3 *", "S: GOAWAY 9007199254740991 OK *", "S: PING", "S: GOAWAY 3 OK *",
        "S: END 4 UNAVAILABLE *", "S: GOAWAY 3 INVALID_ARGUMENT *", "S hears CANCELLED 3 *",
        "S hears CLOSED *"}},
      {"After any GOAWAY the client opens no call",
       kClient,
       [](SessionPair& pair) {
         pair.FeedClient(hand::Goaway(wire::kNumberMax));
         pair.Note(pair.client().Open({.name = "Unary"}).status().ToString());
       },
       {"C hears DRAINING", "UNAVAILABLE: *"}},
      {"GOAWAY with code 0: calls above end UNSEEN, the others go on",
       kClient,
       [](SessionPair& pair) {
         OpenThree(pair);
         pair.FeedClient(hand::Goaway(2) + hand::End(1, "y") + hand::End(2, "z"));
       },
       {"C hears END 3 UNAVAILABLE: * UNSEEN", "C hears DRAINING", "C hears END 1 OK \"y\"",
        "C hears END 2 OK \"z\""}},
      {"GOAWAY with another code: calls above end UNSEEN, the others seen",
       kClient,
       [](SessionPair& pair) {
         OpenThree(pair);
         pair.FeedClient(hand::Goaway(2, 3, "bad"));
         pair.Note(EndingOf(pair.client()));
       },
       {"C hears END 1 UNAVAILABLE: *bad", "C hears END 2 UNAVAILABLE: *bad",
        "C hears END 3 UNAVAILABLE: *bad UNSEEN", "C hears CLOSED UNAVAILABLE: *bad",
        "half-closes after its output"}},
      {"A later GOAWAY may name a lower id",
       kClient,
       [](SessionPair& pair) {
         OpenThree(pair);
         pair.FeedClient(hand::Goaway(wire::kNumberMax) + hand::Goaway(2) + hand::Goaway(1));
       },
       {"C hears DRAINING", "C hears END 3 UNAVAILABLE: * UNSEEN",
        "C hears END 2 UNAVAILABLE: * UNSEEN"}},
      {"A later GOAWAY that names a higher id ends the connection",
       kClient,
       [](SessionPair& pair) {
         OpenThree(pair);
         pair.FeedClient(hand::Goaway(2) + hand::Goaway(3));
       },
       {"C hears END 3 UNAVAILABLE: * UNSEEN", "C hears DRAINING", "C: GOAWAY 0 INVALID_ARGUMENT *",
        "C hears END 1 UNAVAILABLE: *", "C hears END 2 UNAVAILABLE: *", "C hears CLOSED *"}},
      {"In a client's GOAWAY with code 0 nothing ends",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x") + hand::Goaway(9) + hand::Goaway(10));
         pair.Reply(1, "y");
         pair.Run();
       },
       {"S hears CALL 1 Unary \"x\"", "S: END 1 OK 1 bytes"}},
      {"A client's GOAWAY with another code ends everything",
       kServer,
       [](SessionPair& pair) {
         pair.FeedServer(hand::Call(1, "Unary", "x") + hand::Goaway(0, 13, "bad"));
         pair.Note(EndingOf(pair.server()));
       },
       {"S hears CALL 1 Unary \"x\"", "S hears CANCELLED 1 *", "S hears CLOSED UNAVAILABLE: *bad",
        "half-closes after its output"}},
      {.sentence = "Calls above max_calls are refused, and were not seen",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(hand::Call(1, "Unary", "x") +
                             hand::Call(2, "Unary", "x", hand::kMore) +
                             hand::Call(3, "Unary", "x"));
           },
       .outcome = {"S hears CALL 1 Unary \"x\"",
                   "S: END 3 RESOURCE_EXHAUSTED \"2 calls * at most 2 *\" BARE UNSEEN"},
       .limits = {.calls_max = 2}},
      {.sentence = "A slot is free when the handler has ended, not when the call was cancelled",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(hand::Call(1, "Unary", "x") + hand::Cancel(1));
             pair.ForgetPast();
             pair.FeedServer(hand::Call(2, "Unary", "x"));
             pair.Reply(1, "too late");
             pair.FeedServer(hand::Call(3, "Unary", "x"));
           },
       .outcome = {"S: END 2 RESOURCE_EXHAUSTED * BARE UNSEEN", "S hears CALL 3 Unary \"x\""},
       .limits = {.calls_max = 1}},
      {.sentence = "A slot is free when the END is written, not when it waits for credit",
       .side = kServer,
       .exchange =
           [](SessionPair& pair) {
             pair.FeedServer(hand::Call(1, "Unary", "x"));
             pair.Reply(1, std::string(300'000, 'y'));
             pair.Run();
             pair.ForgetPast();
             pair.FeedServer(hand::Call(2, "Unary", "x") + hand::Credit(1, 50'000));
             pair.Run();
             pair.FeedServer(hand::Call(3, "Unary", "x"));
           },
       .outcome = {"S: END 2 RESOURCE_EXHAUSTED * BARE UNSEEN", "15 x S: MESSAGE 1 2366 bytes MORE",
                   "S: END 1 OK 2366 bytes", "S hears CALL 3 Unary \"x\""},
       .limits = {.calls_max = 1}},
      {"A refusal for too many calls is no fault of the client's",
       kClient,
       [](SessionPair& pair) {
         OpenThree(pair);
         pair.FeedClient(hand::EndBare(3, 8, "too many", kUnseen) + hand::End(1, "y"));
       },
       {"C hears END 3 RESOURCE_EXHAUSTED: too many UNSEEN", "C hears END 1 OK \"y\""}},
  };
}

}  // namespace rpc::session
