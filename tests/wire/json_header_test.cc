#include "rpc/wire/json_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "rpc/wire/limits.h"

namespace rpc::wire {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Reading {
  std::string storage;
  Header header;
  absl::Status status;

  std::string Sentence() const { return std::string(status.message()); }
};

std::unique_ptr<Reading> Read(std::string_view text) {
  // A copy of its own, so that a sanitizer sees a read beyond its end, and a view of it that is
  // left.
  const std::vector<char> bytes(text.begin(), text.end());
  auto reading = std::make_unique<Reading>();
  reading->status =
      DecodeJsonHeader({bytes.data(), bytes.size()}, &reading->storage, &reading->header);
  return reading;
}

std::string Repeated(std::string_view text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

// A text, and what makes of the header of `{}`, a CALL with LAST, what it says.
struct Good {
  std::string_view text;
  void (*change)(Header& header);
};

constexpr std::string_view kFull =
    R"({"md5":"000102030405060708090a0b0c0d0eff","name":"echo.Echo/Say","size":300,"kind":"end",)"
    R"("call":7,"last":true,"more":true,"bare":true,"unseen":true,"timeout_us":50000,"code":5,)"
    R"("message":"no such user","metadata":{"a":"1","b-bin":"AP8=","c":["2","3"]},)"
    R"("details":[{"type_url":"t/a.B","value":"CAE="},{}],"credit":65536,"encoding":"zstd",)"
    R"("session":"0123456789abcdef","padding":"   "})";

const Good kGood[] = {
    {"{}", [](Header&) {}},
    {"{ \t\r\n}", [](Header&) {}},
    {kFull,
     [](Header& h) {
       h.md5 = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff"sv;
       h.name = "echo.Echo/Say";
       h.size = 300;
       h.kind = Kind::kEnd;
       h.call = 7;
       h.flags = kFlagLast | kFlagMore | kFlagBare | kFlagUnseen;
       h.timeout_us = 50'000;
       h.code = 5;
       h.message = "no such user";
       h.metadata = {{"a", "1"}, {"b-bin", "\x00\xFF"sv}, {"c", "2"}, {"c", "3"}};
       h.details = {{"t/a.B", "\x08\x01"}, {"", ""}};
       h.credit = 65'536;
       h.encoding = Encoding::kZstd;
       h.session = 0x0123456789ABCDEF;
       h.padding = "   ";
     }},

    // What is absent on a CALL, and on another kind.
    {R"({"kind":"call"})", [](Header&) {}},
    {R"({"kind":0})", [](Header&) {}},
    {R"({"last":true})", [](Header&) {}},
    {R"({"last":false})", [](Header& h) { h.flags = 0; }},
    {R"({"last":false,"last":null})", [](Header& h) { h.flags = 0; }},
    {R"({"last":null})", [](Header&) {}},
    {R"({"more":true})", [](Header& h) { h.flags = kFlagMore; }},
    {R"({"more":false})", [](Header&) {}},
    {R"({"more":true,"more":false})", [](Header&) {}},
    {R"({"bare":true})", [](Header& h) { h.flags = kFlagBare; }},
    {R"({"bare":true,"last":true})", [](Header& h) { h.flags = kFlagBare | kFlagLast; }},
    {R"({"unseen":true})", [](Header& h) { h.flags = kFlagUnseen | kFlagLast; }},
    {R"({"kind":"message"})", [](Header& h) { h.kind = Kind::kMessage, h.flags = 0; }},
    {R"({"flags":15})", [](Header&) {}},

    // Kinds and encodings.
    {R"({"kind":"hello"})", [](Header& h) { h.kind = Kind::kHello, h.flags = 0; }},
    {R"({"kind":"HELLO"})", [](Header& h) { h.kind = kUnknownKindWord, h.flags = 0; }},
    {R"({"kind":""})", [](Header& h) { h.kind = kUnknownKindWord, h.flags = 0; }},
    {R"({"kind":"2"})", [](Header& h) { h.kind = kUnknownKindWord, h.flags = 0; }},
    {R"({"kind":2})", [](Header& h) { h.kind = Kind::kEnd, h.flags = 0; }},
    {R"({"kind":2147483647})", [](Header& h) { h.kind = Kind{2'147'483'647}, h.flags = 0; }},
    {R"({"kind":-2147483648})", [](Header& h) { h.kind = Kind{-2'147'483'648}, h.flags = 0; }},
    {R"({"encoding":"identity"})", [](Header&) {}},
    {R"({"encoding":"brotli"})", [](Header& h) { h.encoding = kUnknownEncodingWord; }},
    {R"({"encoding":7})", [](Header& h) { h.encoding = Encoding{7}; }},

    // Numbers.
    {R"({"size":0})", [](Header&) {}},
    {R"({"size":"12"})", [](Header& h) { h.size = 12; }},
    {R"({"size":"007"})", [](Header& h) { h.size = 7; }},
    {R"({"size":"\u0031\u0032"})", [](Header& h) { h.size = 12; }},
    {R"({"call":9007199254740992})", [](Header& h) { h.call = kNumberMax + 1; }},
    {R"({"call":18446744073709551614})", [](Header& h) { h.call = UINT64_MAX - 1; }},
    {R"({"call":18446744073709551615})", [](Header& h) { h.call = UINT64_MAX; }},
    {R"({"call":18446744073709551616})", [](Header& h) { h.call = UINT64_MAX; }},
    {R"({"call":"99999999999999999999"})", [](Header& h) { h.call = UINT64_MAX; }},
    {R"({"call":184467440737095516150000000000000})", [](Header& h) { h.call = UINT64_MAX; }},
    {R"({"code":4294967295})", [](Header& h) { h.code = 4'294'967'295; }},
    {R"({"code":"5"})", [](Header& h) { h.code = 5; }},
    {R"({"session":"0000000000000001"})", [](Header& h) { h.session = 1; }},

    // Texts.
    {R"({"name":""})", [](Header&) {}},
    {R"({"name":"a\"\\\/\b\f\n\r\tz"})", [](Header& h) { h.name = "a\"\\/\b\f\n\r\tz"; }},
    {R"({"name":"\u0000\u0041\u00fC\u20AC\ud83D\uDE00"})",
     [](Header& h) { h.name = "\0A\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"sv; }},
    {R"({"name":"\u007f\u0080\u07ff\u0800\uffff\ud800\udc00\udbff\udfff"})",
     [](Header& h) {
       h.name = "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
     }},
    {"{\"name\":\"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\"}",
     [](Header& h) { h.name = "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\x7F"; }},
    {R"({"n\u0061me":"x"})", [](Header& h) { h.name = "x"; }},
    {R"({"name":"x","Name":"y"})", [](Header& h) { h.name = "x"; }},
    {"{ \"name\"\t:\r\n\"x\" , \"message\" : \"y\" }",
     [](Header& h) { h.name = "x", h.message = "y"; }},

    // What is repeated, null or unknown.
    {R"({"name":"x","name":"y"})", [](Header& h) { h.name = "y"; }},
    {R"({"name":"x","name":null})", [](Header& h) { h.name = "x"; }},
    {R"({"metadata":{"a":"1"},"metadata":{"b":"2"}})",
     [](Header& h) {
       h.metadata = {{"b", "2"}};
     }},
    {R"({"details":[{}],"details":[]})", [](Header&) {}},
    {R"({"md5":null,"name":null,"size":null,"kind":null,"call":null,"more":null,"bare":null,)"
     R"("unseen":null,"timeout_us":null,"code":null,"message":null,"metadata":null,"details":null,)"
     R"("credit":null,"encoding":null,"session":null,"padding":null,"other":null})",
     [](Header&) {}},
    {R"({"a":1,"b":-0.5e+10,"c":"x","d":true,"e":false,"f":[],"g":{},"h":[1,[2],{"i":{}}],"":0E0})",
     [](Header&) {}},

    // Metadata and details.
    {R"({"metadata":{}})", [](Header&) {}},
    {R"({"metadata":{"a":[],"b":null}})", [](Header&) {}},
    {R"({"metadata":{"a":"1","b":"2","a":["3"]}})",
     [](Header& h) {
       h.metadata = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
     }},
    {R"({"metadata":{"k":"\u00fc","":"","k-bin":["-_8",""],"k-BIN":"x"}})",
     [](Header& h) {
       h.metadata = {
           {"k", "\xC3\xBC"}, {"", ""}, {"k-bin", "\xFB\xFF"}, {"k-bin", ""}, {"k-BIN", "x"}};
     }},
    {R"({"details":[]})", [](Header&) {}},
    {R"({"details":[{"value":null,"type_url":"t","value":"\u0041\u0041","x":[{}]}]})",
     [](Header& h) {
       h.details = {{"t", "\0"sv}};
     }},
};

Header Expected(const Good& good) {
  Header header;
  header.form = Form::kJson;
  header.flags = kFlagLast;
  good.change(header);
  return header;
}

TEST(JsonHeader, ReadsWhatTheTextSays) {
  for (const Good& good : kGood) {
    const auto reading = Read(good.text);
    EXPECT_TRUE(reading->status.ok()) << good.text << "\n" << reading->status;
    EXPECT_EQ(reading->header, Expected(good)) << good.text;
  }
}

TEST(JsonHeader, MayBeFollowedByWhiteSpaceAndNothingElse) {
  for (const Good& good : kGood) {
    EXPECT_EQ(Read(std::string(good.text) + " \n\t\r")->header, Expected(good)) << good.text;
    for (const char* more : {"x", "}", ",", "{}", " {}", "\n\v"}) {
      EXPECT_THAT(Read(std::string(good.text) + more)->Sentence(),
                  HasSubstr("expected nothing after the last '}', but found "));
    }
    EXPECT_THAT(Read(std::string(good.text) + "\0"s)->Sentence(), HasSubstr("found \\x00"));
  }
}

TEST(JsonHeader, FailsWithASentenceWhereverItIsCutOff) {
  for (const Good& good : kGood) {
    for (size_t size = 0; size < good.text.size(); ++size) {
      const auto reading = Read(good.text.substr(0, size));
      EXPECT_EQ(reading->status.code(), absl::StatusCode::kInvalidArgument) << good.text << size;
      EXPECT_THAT(reading->Sentence(), StartsWith("JSON header, byte "));
    }
  }
}

TEST(JsonHeader, NeverStoresMoreThanTheTextIsLong) {
  const std::string every_escape = R"("\"\\\/\b\f\n\r\t\u0000\u00fc\u20ac\ud83d\ude00")";
  std::string long_text = "{";
  for (const char* name : {"name", "message", "padding", "unknown", "name", "message"}) {
    long_text += "\"" + std::string(name) + "\":" + every_escape + ",";
  }
  long_text += "\"last\":true}";
  for (const std::string& text : {long_text, std::string(kFull), "{}"s}) {
    std::string storage;
    Header header;
    ASSERT_TRUE(DecodeJsonHeader(text, &storage, &header).ok());
    EXPECT_LE(storage.size(), text.size());
  }
}

TEST(JsonHeader, ReadsTheLongestTextOfEscapes) {
  const size_t count = (kHeaderSizeMaxDefault - 20) / 6;
  const std::string text = "{\"message\":\"" + Repeated("\\u20ac", count) + "\"}";
  ASSERT_LE(text.size(), kHeaderSizeMaxDefault);
  EXPECT_EQ(Read(text)->header.message, Repeated("\xE2\x82\xAC", count));
}

TEST(JsonHeader, AWrongMd5IsOfAnotherLengthThan16) {
  const std::string right = "000102030405060708090a0b0c0d0e0f";
  for (std::string wrong :
       {right.substr(1), right + "0", right + right, "00010203 405060708090a0b0c0d0e0f"s,
        "000102030405060708090A0B0C0D0E0F"s, "000102030405060708090a0b0c0d0e0g"s,
        "0123456789abcdef"s, "0123456789abcde\xC3\xBC"s, "AAECAwQFBgcICQoLDA0ODw=="s, " "s}) {
    const auto reading = Read("{\"md5\":\"" + wrong + "\"}");
    EXPECT_TRUE(reading->status.ok()) << wrong;
    EXPECT_NE(reading->header.md5.size(), kMd5Bytes) << wrong;
    EXPECT_NE(reading->header.md5, "") << wrong;
  }
  EXPECT_EQ(Read("{\"md5\":\"" + right + "\"}")->header.md5.size(), kMd5Bytes);
  EXPECT_EQ(Read(R"({"md5":""})")->header.md5, "");
}

std::string NestedLists(size_t depth) {
  return "{\"x\":" + Repeated("[", depth - 1) + Repeated("]", depth - 1) + "}";
}

std::string NestedObjects(size_t depth) {
  return Repeated("{\"x\":", depth - 1) + "{}" + Repeated("}", depth - 1);
}

TEST(JsonHeader, NestsUpToItsLimit) {
  for (size_t depth = 2; depth <= kJsonHeaderDepthMax; ++depth) {
    EXPECT_TRUE(Read(NestedLists(depth))->status.ok()) << depth;
    EXPECT_TRUE(Read(NestedObjects(depth))->status.ok()) << depth;
  }
  EXPECT_EQ(Read(NestedLists(17))->Sentence(),
            "JSON header, byte 20: nests deeper than 16, which is the limit");
  EXPECT_EQ(Read(NestedObjects(17))->Sentence(),
            "JSON header, byte 80: nests deeper than 16, which is the limit");
  EXPECT_TRUE(Read("{\"x\":[" + Repeated("[[]],", 1000) + "0]}")->status.ok());
}

TEST(JsonHeader, RefusesDeepNestingWithoutReadingIt) {
  for (const char* name : {"x", "name", "size", "last", "kind", "md5", "session", "code"}) {
    const std::string start = "{\"" + std::string(name) + "\":";
    for (const char* bracket : {"[", "{\"a\":"}) {
      EXPECT_THAT(Read(start + Repeated(bracket, 60'000))->Sentence(), HasSubstr("nests deeper"));
    }
  }
  EXPECT_THAT(Read("{\"details\":[{\"x\":" + Repeated("[", 60'000))->Sentence(),
              HasSubstr("nests deeper"));
}

TEST(JsonHeader, AReusedHeaderKeepsNothingOfTheLastRecord) {
  Reading reading;
  ASSERT_TRUE(DecodeJsonHeader(kFull, &reading.storage, &reading.header).ok());
  ASSERT_TRUE(DecodeJsonHeader("{}", &reading.storage, &reading.header).ok());
  EXPECT_EQ(reading.header, Expected(kGood[0]));
  EXPECT_EQ(reading.storage, "");
}

}  // namespace
}  // namespace rpc::wire
