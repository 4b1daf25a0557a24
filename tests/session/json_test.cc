// JSON: a client written by hand in ten lines, and connections on which both forms meet.
#include <gtest/gtest.h>

#include "tests/session/hand_frames.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

// A server whose client is written by hand.
class Json : public testing::Test {
 protected:
  Json() { pair_.PlayClient(); }

  // Gives the server these bytes; what it answers is in frames() and received().
  void Send(std::string_view bytes) {
    pair_.FeedServer(bytes);
    pair_.Run();
  }

  // The header of the first frame received, and its body.
  std::pair<std::string, std::string> FirstFrame() const {
    const std::string& bytes = pair_.received();
    if (bytes.size() < 4) return {};
    const size_t size = static_cast<uint8_t>(bytes[2]) << 8 | static_cast<uint8_t>(bytes[3]);
    return {bytes.substr(4, size), bytes.substr(4 + size)};
  }

  SessionPair pair_;
};

TEST_F(Json, ACallOfTenLinesIsAnswered) {
  Send(hand::Json(R"("name":"echo.Echo/Unary")", R"({"text":"hello"})"));
  EXPECT_EQ(pair_.AtServer(0).request, R"({"text":"hello"})");
  pair_.Reply(0, R"({"text":"HELLO"})");
  pair_.Run();
  const auto [header, body] = FirstFrame();
  EXPECT_EQ(header.substr(0, 1), "{");
  EXPECT_NE(header.find(R"("kind":"end")"), header.npos);
  EXPECT_NE(header.find(R"("size":16)"), header.npos);
  EXPECT_NE(header.find(R"("md5":")"), header.npos);
  EXPECT_EQ(body, R"({"text":"HELLO"})");
}

TEST_F(Json, ACallOfTenLinesCanBeRepeatedForEver) {
  for (int i = 0; i < 3; ++i) {
    Send(hand::Json(R"("name":"echo.Echo/Unary")", "{}"));
    pair_.Reply(0, "{}");
    pair_.Run();
  }
  EXPECT_EQ(pair_.Count("S: END 0 OK 2 bytes json"), 3);
}

TEST_F(Json, AnErrorIsAnEndInJson) {
  Send(hand::Json(R"("name":"echo.Echo/Unary")"));
  EXPECT_EQ(pair_.AtServer(0).request, "");
  const std::vector<wire::Metadatum> trailing = {{"served-by", "b7"}};
  pair_.server().End(0, absl::NotFoundError("no \"text\""), nullptr, trailing);
  pair_.Run();
  const std::string header = FirstFrame().first;
  for (const char* member : {R"("code":5)", R"("message":"no \"text\"")", R"("bare":true)",
                             R"("metadata":{"served-by":"b7"})"}) {
    EXPECT_NE(header.find(member), header.npos) << header;
  }
}

TEST_F(Json, AnAbsentLastIsTrueUnlessMoreOrBareIsSet) {
  Send(hand::Json(R"("name":"Both","call":1)", "{}"));
  EXPECT_TRUE(pair_.AtServer(1).half_closed);
  Send(hand::Json(R"("name":"Both","call":2,"bare":true)"));
  EXPECT_FALSE(pair_.AtServer(2).half_closed);
  Send(hand::Json(R"("name":"Both","call":3,"more":true)", "{"));
  Send(hand::Json(R"("kind":"message","call":3)", "}"));
  EXPECT_EQ(pair_.AtServer(3).messages, std::vector<std::string>({"{}"}));
  EXPECT_FALSE(pair_.AtServer(3).half_closed);
  Send(hand::Json(R"("name":"Both","call":4,"last":false)", "{}"));
  EXPECT_FALSE(pair_.AtServer(4).half_closed);
  Send(hand::Json(R"("kind":"message","call":4,"last":true)", "{}"));
  EXPECT_TRUE(pair_.AtServer(4).half_closed);
}

TEST_F(Json, AStreamComesAsMessagesInJson) {
  Send(hand::Json(R"("name":"ServerStream","call":"7","metadata":{"k":["a","b"]})", "{}"));
  EXPECT_EQ(pair_.AtServer(7).metadata, MetadataList({{"k", "a"}, {"k", "b"}}));
  const std::vector<wire::Metadatum> leading = {{"key-bin", "\xFF"}};
  pair_.server().SendMetadata(7, leading);
  pair_.server().Write(7, {R"({"value":"1"})"});
  pair_.End(7);
  pair_.Run();
  EXPECT_EQ(pair_.TraceText(),
            "S: MESSAGE 7 BARE 1 metadata json\n"
            "S: MESSAGE 7 13 bytes json\n"
            "S: END 7 OK BARE json\n");
  EXPECT_NE(FirstFrame().first.find(R"("metadata":{"key-bin":"/w=="})"), std::string::npos);
}

TEST_F(Json, ADeadlineAndACancelAreAnsweredInJson) {
  Send(hand::Json(R"("name":"Unary","call":1,"timeout_us":1000)", "{}"));
  Send(hand::Json(R"("name":"Unary","call":2)", "{}"));
  Send(hand::Json(R"("kind":"cancel","call":2)"));
  pair_.Wait(1000);
  EXPECT_EQ(pair_.Count("S: END 2 CANCELLED \"cancelled\" BARE json"), 1);
  EXPECT_EQ(pair_.Count("S: END 1 DEADLINE_EXCEEDED \"the deadline passed\" BARE json"), 1);
}

TEST_F(Json, AWrongMd5IsDataLossInJson) {
  Send(hand::Record(R"({"name":"Unary","size":2,"md5":"00112233445566778899aabbccddeeff"})", "{}"));
  Send(hand::Record(R"({"name":"Unary","size":2})", "{}"));
  EXPECT_EQ(pair_.Count("S: END 0 DATA_LOSS"), 2);
  EXPECT_FALSE(pair_.AtServer(0).begun);
}

TEST_F(Json, PingAndGoawayTakeTheFormOfTheFirstFrame) {
  Send(hand::Json(R"("kind":"ping")"));
  Send(hand::Message(5, "x"));  // in binary, and an error
  EXPECT_EQ(pair_.Count("S: PONG json"), 1);
  EXPECT_EQ(pair_.Count("S: GOAWAY 0 INVALID_ARGUMENT"), 1);
  EXPECT_TRUE(pair_.trace().back().ends_with(" json"));
}

TEST_F(Json, AfterABinaryFirstFrameGoawayIsBinary) {
  Send(hand::Ping());
  Send(hand::Json(R"("kind":"message","call":5)", "{}"));
  EXPECT_EQ(pair_.Count("S: GOAWAY 0 INVALID_ARGUMENT"), 1);
  EXPECT_FALSE(pair_.trace().back().ends_with(" json"));
}

TEST_F(Json, BinaryAndJsonCallsShareAConnection) {
  Send(hand::Hello());
  Send(hand::Json(R"("name":"Unary","call":1)", "{}") + hand::Call(2, "Unary", "x"));
  pair_.Reply(1, "{}");
  pair_.Reply(2, "y");
  pair_.Run();
  EXPECT_EQ(pair_.Count("S: END 1 OK 2 bytes json"), 1);
  EXPECT_EQ(pair_.trace().back(), "S: END 2 OK 1 bytes");
}

TEST_F(Json, HelloIsAnsweredInJson) {
  Send(
      hand::Json(R"("kind":"hello")", R"({"version":1,"max_message":"100","agent":"sketch/1.0"})"));
  EXPECT_EQ(pair_.Count("S: HELLO"), 1);
  const auto [header, body] = FirstFrame();
  EXPECT_EQ(header.substr(0, 1), "{");
  for (const char* name : {"\"version\":1", "\"maxMessage\"", "\"maxFrame\"", "\"callWindow\"",
                           "\"maxCalls\"", "\"encodings\"", "\"agent\"", "\"maxHeader\""}) {
    EXPECT_NE(body.find(name), body.npos) << body;
  }
  Send(hand::Json(R"("name":"Unary","call":1)", "{}"));
  pair_.Reply(1, std::string(101, 'y'));
  pair_.Run();
  EXPECT_EQ(pair_.Count("S: END 1 RESOURCE_EXHAUSTED \"message of 101 bytes"), 1);
}

TEST_F(Json, AHelloMayBringWhatIsUnknown) {
  Send(hand::Json(R"("kind":"hello","new":[1])",
                  R"({"encodings":["ZSTD","BROTLI"],"maxFrame":70000,"new":{"a":1}})"));
  EXPECT_EQ(pair_.Count("S: HELLO"), 1);
  EXPECT_FALSE(pair_.server_closed.has_value());
  Send(hand::Json(R"("name":"Unary","call":1)", "{}"));
  pair_.Reply(1, std::string(100'000, 'y'));
  pair_.Run();
  EXPECT_EQ(pair_.Count("S: MESSAGE 1 70000 bytes MORE json"), 1);
}

TEST_F(Json, AHelloThatIsNoJsonEndsTheConnection) {
  Send(hand::Json(R"("kind":"hello")", R"({"version":)"));
  EXPECT_EQ(pair_.server_closed->code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Json, CreditTakesTheFormOfItsCall) {
  Send(hand::Json(R"("kind":"hello")", "{}"));
  Send(hand::Json(R"("name":"ClientStream","call":1,"bare":true)"));
  Send(hand::BareCall(2, "ClientStream"));
  for (int i = 0; i < 2; ++i) {
    Send(hand::Json(R"("kind":"message","call":1)", std::string(100'000, ' ')));
    Send(hand::Message(2, std::string(100'000, 'x')));
  }
  EXPECT_EQ(pair_.Count("S: CREDIT 1 +"), 1);
  EXPECT_EQ(pair_.Count("S: CREDIT 2 +"), 1);
  for (const std::string& line : pair_.trace()) {
    if (!line.starts_with("S: CREDIT")) continue;
    EXPECT_EQ(line.ends_with(" json"), line[10] == '1') << line;
  }
}

TEST_F(Json, AnIdleConnectionIsPingedInJson) {
  Send(hand::Json(R"("kind":"hello")", "{}"));
  pair_.Wait(31 * kSecondUs);
  EXPECT_EQ(pair_.Count("S: PING json"), 1);
}

TEST_F(Json, WordsThatAreUnknownAreTreatedLikeUnknownNumbers) {
  Send(hand::Json(R"("name":"Unary","call":1,"encoding":"brotli")", "{}"));
  EXPECT_EQ(pair_.Count("S: END 1 UNIMPLEMENTED"), 1);
  Send(hand::Json(R"("kind":"dance")"));
  EXPECT_EQ(pair_.server_closed->code(), absl::StatusCode::kUnimplemented);
}

TEST(JsonAtClient, WhatAServerSendsInJsonDoesNotChangeTheClientsForm) {
  SessionPair pair;
  pair.PlayServer();
  pair.FeedClient(hand::Json(R"("kind":"hello")", "{}"));
  pair.FeedClient(hand::Ping());
  EXPECT_EQ(pair.trace(), std::vector<std::string>({"C: PONG"}));
}

TEST(JsonAtClient, AnErrorOfTheServersIsAnsweredInBinary) {
  SessionPair pair;
  pair.PlayServer();
  pair.FeedClient(hand::Json(R"("kind":"hello")", "{}"));
  pair.FeedClient(hand::Json(R"("kind":"cancel")"));
  EXPECT_EQ(pair.Count("C: GOAWAY 0 INVALID_ARGUMENT"), 1);
  EXPECT_FALSE(pair.trace().back().ends_with(" json"));
}

}  // namespace
}  // namespace rpc::session
