#include <string>
#include <string_view>
#include <vector>

#include "rpc/wire/limits.h"
#include "tests/wire/frame_row.h"
#include "tests/wire/frame_table.h"

namespace rpc::wire {
namespace {

using Rows = std::vector<BadRow>;

// `record` with its length in front.
std::string Framed(const std::string& record) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(record.size() >> shift);
  return bytes + record;
}

std::string Repeated(int count, std::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

BadRow Foreign(std::string name, std::string bytes, std::string sentence_part) {
  return {std::move(name), std::move(bytes), WireFault::kNotAFrame, std::move(sentence_part)};
}

// A record in the notation of Bytes.
BadRow Record(const std::string& name, std::string_view record, std::string sentence_part) {
  return {"record-" + name, Framed(Bytes(record)), WireFault::kHeaderRecord,
          std::move(sentence_part)};
}

BadRow Json(const std::string& name, const std::string& record, std::string sentence_part) {
  return {"json-" + name, Framed(record), WireFault::kHeaderRecord, std::move(sentence_part)};
}

Rows OtherProtocols() {
  Rows rows = {
      Foreign("tls-hello", Bytes("16 03 01 00 c8 01 00 00 c4 03 03"), "a TLS handshake"),
      Foreign("http2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "an HTTP/2 request"),
      Foreign("http-reply", "HTTP/1.1 400 Bad Request\r\n", "an HTTP reply"),
      Foreign("ssh", "SSH-2.0-OpenSSH_9.2\r\n", "an SSH greeting"),
      Foreign("bare-json", R"({"name":"echo.Echo/Say"})", "JSON without the 4-byte length"),
      Foreign("text", "hello", "begins with \"hello\""),
      Foreign("long-text", "one and two and three", "begins with \"one and two and ...\""),
      Foreign("binary", Bytes("ff 00 'z'"), R"(begins with "\xff\x00z")"),
      Foreign("small-endian-length", Bytes("02 00 00 00 20 05"), "the first byte must be 0"),
      Foreign("first-length-2-24", Bytes("01 00 00 00 20 05"), "the first byte must be 0"),
  };
  for (const char* method :
       {"GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE"}) {
    const std::string request = method + std::string(" / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    rows.push_back(Foreign("http-" + std::string(method), request, "an HTTP request"));
  }
  return rows;
}

Rows Lengths() {
  constexpr auto kFault = WireFault::kHeaderSize;
  const std::string ping = Bytes("00 00 00 02 20 05");
  return {
      {"length-0", Bytes("00 00 00 00"), kFault, "header length is 0, but must be from 1 to 65536"},
      {"length-65537", Bytes("00 01 00 01"), kFault, "header length is 65537"},
      {"length-largest-that-starts-with-0", Bytes("00 ff ff ff"), kFault,
       "header length is 16777215"},
      {"later-length-0", ping + Bytes("00 00 00 00"), kFault, "header length is 0"},
      {"later-length-2-24", ping + Bytes("01 00 00 00"), kFault, "header length is 16777216"},
      {"later-length-largest", ping + Bytes("ff ff ff ff"), kFault, "header length is 4294967295"},
      {"later-text", ping + "GET / HTTP/1.1", kFault, "header length is 1195725856"},
  };
}

Rows BrokenRecords() {
  const std::string part = "is not valid protobuf";
  return {
      Record("tag-alone", "28", "header record of 1 bytes is not valid protobuf (found at byte 1)"),
      Record("varint-cut", "20 05 28 80", part),
      Record("varint-11-bytes", "28 ff ff ff ff ff ff ff ff ff ff 01", part),
      Record("tag-6-bytes", "a8 80 80 80 80 00 01", part),
      Record("field-0", "00 01", part),
      Record("field-0-text", "02 01 61", part),
      Record("wire-type-6", "1e 00", part),
      Record("wire-type-7", "1f 00", part),
      Record("group-end-alone", "1c", part),
      Record("group-open", "a3 06 08 01", part),
      Record("group-ends-as-another", "a3 06 ac 06", part),
      Record("group-101-deep", Repeated(101, "a3 06") + Repeated(101, "a4 06"), part),
      Record("text-beyond-the-record", "12 05 'echo'", part),
      Record("text-length-cut", "12 ff", part),
      Record("text-of-4-gib", "12 ff ff ff ff 0f 'a'", part),
      Record("text-length-6-bytes", "12 81 80 80 80 80 00 61", part),
      Record("fixed64-cut", "71 01 02 03 04 05 06 07", part),
      Record("unknown-fixed32-cut", "a5 06 01 02 03", part),
      Record("unknown-fixed64-cut", "a1 06 01 02 03", part),
      Record("metadata-cut", "52 03 0a 05 61", part),
      Record("details-cut", "5a 03 12 05 61", part),
      Record("metadata-field-0", "52 02 00 01", part),
  };
}

Rows TextsThatAreNotUtf8() {
  const std::string part = "has a text that is not UTF-8";
  return {
      Record("name-not-utf8", "12 01 ff", "header record of 3 bytes has a text that is not UTF-8"),
      Record("name-overlong", "12 02 c0 af", part),
      Record("name-surrogate", "12 03 ed a0 80", part),
      Record("message-cut-character", "4a 02 e2 82", part),
      Record("key-not-utf8", "52 03 0a 01 ff", part),
      Record("type-url-not-utf8", "5a 03 0a 01 80", part),
  };
}

// 2^53 and 2^64-1 in both forms.
Rows NumbersAboveTheLargest() {
  constexpr auto kFault = WireFault::kNumber;
  struct Number {
    std::string field;
    std::string tag;
  };
  Rows rows;
  for (const auto& [field, tag] : std::vector<Number>{
           {"call", "28"}, {"size", "18"}, {"credit", "60"}, {"timeout_us", "38"}}) {
    const std::string is = "header field " + field + " is ";
    const std::string start = "{\"" + field + "\":";
    rows.push_back({field + "-2-53", Framed(Bytes(tag + "80 80 80 80 80 80 80 10")), kFault,
                    is + "9007199254740992, but must be at most 9007199254740991"});
    rows.push_back({field + "-2-64", Framed(Bytes(tag + "ff ff ff ff ff ff ff ff ff 01")), kFault,
                    is + "18446744073709551615"});
    rows.push_back({"json-" + field + "-2-53", Framed(start + "9007199254740992}"), kFault,
                    is + "9007199254740992, but must be at most 9007199254740991"});
    rows.push_back({"json-" + field + "-text-2-53", Framed(start + "\"9007199254740992\"}"), kFault,
                    is + "9007199254740992"});
    rows.push_back({"json-" + field + "-2-64", Framed(start + "18446744073709551616}"), kFault,
                    is + "18446744073709551615"});
  }
  return rows;
}

Rows BodiesThatAreNotWorthReading() {
  constexpr auto kFault = WireFault::kBodySize;
  return {
      {"body-1-gib-and-1", Framed(Bytes("20 01  28 01  18 81 80 80 80 04")), kFault,
       "body of 1073741825 bytes, but at most 1073741824 are read"},
      {"body-largest", Framed(Bytes("20 01  28 01  18 ff ff ff ff ff ff ff 0f")), kFault,
       "body of 9007199254740991 bytes"},
      {"json-body-1-gib-and-1", Framed(R"({"kind":"message","size":1073741825})"), kFault,
       "body of 1073741825 bytes, but at most 1073741824 are read"},
  };
}

Rows BrokenJson() {
  return {
      Json("brace-alone", "{", "byte 1: expected a member's name"),
      Json("cut", R"({"name":"a.B/C")", "byte 15: expected ',' or '}', but the text ends"),
      Json("name-without-quotes", "{name:1}", "expected a member's name in double quotes"),
      Json("comma-at-the-end", R"({"call":1,})", "expected a member's name in double quotes"),
      Json("no-colon", R"({"call" 1})", "expected ':' after a member's name"),
      Json("no-value", R"({"call":})", "expected a value, but found }"),
      Json("no-comma", R"({"call":1 "size":0})", "expected ',' or '}'"),
      Json("list-without-comma", R"({"x":[1 2]})", "expected ',' or ']'"),
      Json("text-behind", R"({"call":1} {)", "expected nothing after the last '}', but found {"),
      Json("depth-17", R"({"x":)" + Repeated(16, "[") + Repeated(16, "]") + "}",
           "nests deeper than 16, which is the limit"),
      Json("depth-thousands", Repeated(10'000, R"({"x":)"), "nests deeper than 16"),
      Json("word", R"({"last":True})", "True is no value in JSON"),
      Json("word-without-quotes", R"({"kind":end})", "end is no value in JSON"),
      Json("number-with-leading-0", R"({"call":01})", "01 is no number in JSON"),
      Json("number-without-end", R"({"call":1e})", "1e is no number in JSON"),
      Json("string-cut", R"({"name":"a.B)", "byte 8: a string has no closing quote"),
      Json("string-with-newline", "{\"name\":\"a\n\"}", "the control character 0x0a"),
      Json("string-not-utf8", "{\"name\":\"\xff\"}", "a string is not UTF-8"),
      Json("unknown-escape", R"({"name":"\q"})", R"(the unknown escape \q)"),
      Json("escape-cut", R"({"name":"\u00g0"})", R"(\u without four hex digits)"),
      Json("half-a-surrogate-pair", R"({"name":"\ud800"})", "half of a surrogate pair"),
  };
}

Rows JsonOfTheWrongType() {
  return {
      Json("name-number", R"({"name":7})", R"(byte 8: "name" is 7, but must be a string)"),
      Json("message-list", R"({"message":[]})", R"("message" is [], but must be a string)"),
      Json("md5-number", R"({"md5":7})", R"("md5" is 7, but must be a string)"),
      Json("call-negative", R"({"call":-1})",
           R"("call" is -1, but must be an integer from 0 to 9007199254740991)"),
      Json("size-fraction", R"({"size":1.5})", R"("size" is 1.5, but must be an integer)"),
      Json("size-exponent", R"({"size":1e3})", R"("size" is 1e3, but must be an integer)"),
      Json("credit-word", R"({"credit":"much"})", R"("credit" is "much", but must be an integer)"),
      Json("timeout-bool", R"({"timeout_us":true})", R"("timeout_us" is true, but must be)"),
      Json("code-negative", R"({"code":-1})", R"("code" is -1, but must be an integer from 0)"),
      Json("code-2-32", R"({"code":4294967296})", R"("code" is 4294967296, but must be)"),
      Json("kind-bool", R"({"kind":true})", R"("kind" is true, but must be a word or an integer)"),
      Json("kind-2-31", R"({"kind":2147483648})", R"("kind" is 2147483648, but must be)"),
      Json("encoding-list", R"({"encoding":[1]})", R"("encoding" is [1], but must be)"),
      Json("last-number", R"({"last":1})", R"("last" is 1, but must be true or false)"),
      Json("unseen-text", R"({"unseen":"true"})", R"("unseen" is "true", but must be)"),
      Json("session-short", R"({"session":"123"})",
           R"("session" is "123", but must be a string of 16 lower-case hex digits)"),
      Json("session-upper-case", R"({"session":"0123456789ABCDEF"})", "16 lower-case hex digits"),
      Json("metadata-list", R"({"metadata":[]})", R"("metadata" is [], but must be an object)"),
      Json("metadata-number", R"({"metadata":{"a":1}})",
           R"(metadata "a" is 1, but must be a string or a list of strings)"),
      Json("metadata-list-of-numbers", R"({"metadata":{"a":["x",1]}})", R"(metadata "a" is 1)"),
      Json("metadata-not-base64", R"({"metadata":{"a-bin":"?"}})", "key ends in -bin"),
      Json("details-object", R"({"details":{}})", R"("details" is {}, but must be a list)"),
      Json("details-of-texts", R"({"details":["x"]})", "but must be an object"),
      Json("details-type-number", R"({"details":[{"type_url":1}]})", R"("type_url" is 1)"),
      Json("details-not-base64", R"({"details":[{"value":"?"}]})", "a string of base64"),
      Json("padding-number", R"({"padding":1})", R"("padding" is 1, but must be a string)"),
  };
}

}  // namespace

const std::vector<BadRow>& BadTable() {
  static const auto& table = *new Rows([] {
    Rows rows;
    for (const Rows& group : {OtherProtocols(), Lengths(), BrokenRecords(), TextsThatAreNotUtf8(),
                              NumbersAboveTheLargest(), BodiesThatAreNotWorthReading(),
                              BrokenJson(), JsonOfTheWrongType()}) {
      rows.insert(rows.end(), group.begin(), group.end());
    }
    return rows;
  }());
  return table;
}

}  // namespace rpc::wire
