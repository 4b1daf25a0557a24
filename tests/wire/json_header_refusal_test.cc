// What a JSON header is refused for, and the sentence that says so.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rpc/wire/json_header.h"

namespace rpc::wire {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

std::string Refusal(std::string_view text) {
  const std::vector<char> bytes(text.begin(), text.end());
  std::string storage;
  Header header;
  const absl::Status status = DecodeJsonHeader({bytes.data(), bytes.size()}, &storage, &header);
  if (status.ok()) return "no refusal";
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

struct Bad {
  std::string_view text;
  std::string_view sentence;  // behind "JSON header, byte "
};

void ExpectRefusals(const std::vector<Bad>& table) {
  for (const Bad& bad : table) {
    EXPECT_EQ(Refusal(bad.text), "JSON header, byte " + std::string(bad.sentence)) << bad.text;
  }
}

TEST(JsonHeaderRefusal, WhenTheTextIsNoObject) {
  ExpectRefusals({
      {"", "0: the first byte is not '{'"},
      {" {}", "0: the first byte is not '{'"},
      {"[]", "0: the first byte is not '{'"},
      {"\"{}\"", "0: the first byte is not '{'"},
      {"\xEF\xBB\xBF{}", "0: the first byte is not '{'"},
      {"{", "1: expected a member's name in double quotes, but the text ends"},
      {"{,}", "1: expected a member's name in double quotes, but found ,"},
      {"{x:1}", "1: expected a member's name in double quotes, but found x"},
      {"{'x':1}", "1: expected a member's name in double quotes, but found '"},
      {"{1:1}", "1: expected a member's name in double quotes, but found 1"},
      {"{/**/}", "1: expected a member's name in double quotes, but found /"},
      {"{\"x\":1,}", "7: expected a member's name in double quotes, but found }"},
      {"{\"x\"}", "4: expected ':' after a member's name, but found }"},
      {"{\"x\"=1}", "4: expected ':' after a member's name, but found ="},
      {"{\"x\":}", "5: expected a value, but found }"},
      {"{\"x\":,", "5: expected a value, but found ,"},
      {"{\"x\":'y'}", "5: expected a value, but found '"},
      {"{\"x\":\xFF}", "5: expected a value, but found \\xff"},
      {"{\"x\":", "5: expected a value, but the text ends"},
      {"{\"x\":1", "6: expected ',' or '}', but the text ends"},
      {"{\"x\":1 \"y\":2}", "7: expected ',' or '}', but found \""},
      {"{\"x\":1]", "6: expected ',' or '}', but found ]"},
      {"{\"x\":1;}", "6: expected ',' or '}', but found ;"},
      {"{\"x\":[1", "7: expected ',' or ']', but the text ends"},
      {"{\"x\":[1}", "7: expected ',' or ']', but found }"},
      {"{\"x\":[1,]}", "8: expected a value, but found ]"},
      {"{\"x\":[,1]}", "6: expected a value, but found ,"},
      {"{\"x\":[1 2]}", "8: expected ',' or ']', but found 2"},
      {"{}x", "2: expected nothing after the last '}', but found x"},
      {"{}\0"sv, "2: expected nothing after the last '}', but found \\x00"},
      {"{\f}", "1: expected a member's name in double quotes, but found \\x0c"},
      {"{\xC2\xA0}", "1: expected a member's name in double quotes, but found \\xc2"},
  });
}

TEST(JsonHeaderRefusal, WhenANumberOrAWordIsNone) {
  for (std::string_view number :
       {"01", "-", "-x", "1.", "1.e1", "1e", "1e+", "1e1.5", "0x1F", "1_0", "--1", "-01", "1-1",
        "1+", "-Infinity", "2.5.1", "00", "1E5e"}) {
    EXPECT_EQ(Refusal("{\"x\":" + std::string(number) + "}"),
              "JSON header, byte 5: " + std::string(number) + " is no number in JSON");
  }
  for (std::string_view number : {"+1", ".5", "NaN", "True", "tru", "trueish", "nul", "None",
                                  "falsE", "yes", "null0", "_", "t"}) {
    EXPECT_EQ(Refusal("{\"x\":" + std::string(number) + "}"),
              "JSON header, byte 5: " + std::string(number) +
                  " is no value in JSON: a word can only be true, false or null, and a text needs "
                  "double quotes");
  }
}

TEST(JsonHeaderRefusal, WhenAStringIsNone) {
  ExpectRefusals({
      {R"({"x":"abc)", "5: a string has no closing quote"},
      {R"({"x":"abc\)", "5: a string has no closing quote"},
      {R"({"x":"abc\")", "5: a string has no closing quote"},
      {R"({"abc)", "1: a string has no closing quote"},
      {"{\"x\":\"a\nb\"}",
       "7: a string holds the control character 0x0a, which must be written \\u000a"},
      {"{\"x\":\"\0\"}"sv,
       "6: a string holds the control character 0x00, which must be written \\u0000"},
      {"{\"x\":\"\x1F\"}",
       "6: a string holds the control character 0x1f, which must be written \\u001f"},
      {R"({"x":"a\x41"})", "7: a string holds the unknown escape \\x"},
      {R"({"x":"\U00000041"})", "6: a string holds the unknown escape \\U"},
      {R"({"x":"\'"})", "6: a string holds the unknown escape \\'"},
      {"{\"x\":\"\\\xC3\xBC\"}", "6: a string holds the unknown escape \\\\xc3"},
      {R"({"x":"\u004"})", "11: a string holds \\u without four hex digits after it"},
      {R"({"x":"\u00g1"})", "10: a string holds \\u without four hex digits after it"},
      {R"({"x":"\u)", "8: a string holds \\u without four hex digits after it"},
      {R"({"x":"\u+041"})", "8: a string holds \\u without four hex digits after it"},
      {R"({"x":"\ud800"})", "6: a string holds half of a surrogate pair, \\ud800"},
      {R"({"x":"\uDBFFx"})", "6: a string holds half of a surrogate pair, \\uDBFF"},
      {R"({"x":"\udc00\ud800"})", "6: a string holds half of a surrogate pair, \\udc00"},
      {R"({"x":"\ud800\ud800"})", "6: a string holds half of a surrogate pair, \\ud800"},
      {R"({"x":"\ud800\n"})", "6: a string holds half of a surrogate pair, \\ud800"},
      {R"({"x":"\ud800\u0041"})", "6: a string holds half of a surrogate pair, \\ud800"},
      {R"({"x":"\ud800\uzzzz"})", "14: a string holds \\u without four hex digits after it"},
  });
}

TEST(JsonHeaderRefusal, WhenAStringIsNotUtf8WhereverItStands) {
  for (std::string_view bytes :
       {"\x80"sv, "\xC3"sv, "\xC0\x80"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv, "\xFF"sv,
        "\xC3\\u0080"sv, "\\u00fc\xBC"sv, "\xE2\x82"sv, "\xF0\x9F\x98"sv}) {
    const std::string string = "\"" + std::string(bytes) + "\"";
    EXPECT_EQ(Refusal("{\"name\":" + string + "}"), "JSON header, byte 8: a string is not UTF-8");
    EXPECT_EQ(Refusal("{\"x\":[" + string + "]}"), "JSON header, byte 6: a string is not UTF-8");
    EXPECT_EQ(Refusal("{" + string + ":1}"), "JSON header, byte 1: a string is not UTF-8");
  }
}

TEST(JsonHeaderRefusal, WhenAMemberIsOfTheWrongType) {
  ExpectRefusals({
      {R"({"md5":1})", R"(7: "md5" is 1, but must be a string)"},
      {R"({"name":12})", R"(8: "name" is 12, but must be a string)"},
      {R"({"name":["a"]})", R"(8: "name" is ["a"], but must be a string)"},
      {R"({"message":true})", R"(11: "message" is true, but must be a string)"},
      {R"({"padding":{}})", R"(11: "padding" is {}, but must be a string)"},
      {R"({"kind":true})", R"(8: "kind" is true, but must be a word or an integer of 32 bits)"},
      {R"({"kind":1.0})", R"(8: "kind" is 1.0, but must be a word or an integer of 32 bits)"},
      {R"({"kind":2147483648})",
       R"(8: "kind" is 2147483648, but must be a word or an integer of 32 bits)"},
      {R"({"encoding":-2147483649})",
       R"(12: "encoding" is -2147483649, but must be a word or an integer of 32 bits)"},
      {R"({"encoding":[]})",
       R"(12: "encoding" is [], but must be a word or an integer of 32 bits)"},
      {R"({"last":"true"})", R"(8: "last" is "true", but must be true or false)"},
      {R"({"more":1})", R"(8: "more" is 1, but must be true or false)"},
      {R"({"bare":{}})", R"(8: "bare" is {}, but must be true or false)"},
      {R"({"unseen":""})", R"(10: "unseen" is "", but must be true or false)"},
      {R"({"session":1})",
       R"(11: "session" is 1, but must be a string of 16 lower-case hex digits)"},
      {R"({"session":"123"})",
       R"(11: "session" is "123", but must be a string of 16 lower-case hex digits)"},
      {R"({"session":"0123456789ABCDEF"})",
       R"(11: "session" is "0123456789ABCDEF", but must be a string of 16 lower-case hex digits)"},
      {R"({"metadata":[]})", R"(12: "metadata" is [], but must be an object)"},
      {R"({"metadata":"a"})", R"(12: "metadata" is "a", but must be an object)"},
      {R"({"metadata":{"k":1}})",
       R"(17: metadata "k" is 1, but must be a string or a list of strings)"},
      {R"({"metadata":{"k":{}}})",
       R"(17: metadata "k" is {}, but must be a string or a list of strings)"},
      {R"({"metadata":{"k":["a",null]}})",
       R"(22: metadata "k" is null, but must be a string or a list of strings)"},
      {R"({"metadata":{"k-bin":"a"}})",
       R"(21: metadata "k-bin" is "a", but must be base64, because its key ends in -bin)"},
      {R"({"metadata":{"\u00fc\n":[[]]}})",
       R"(25: metadata "\xc3\xbc\x0a" is [], but must be a string or a list of strings)"},
      {R"({"details":{}})", R"(11: "details" is {}, but must be a list of objects)"},
      {R"({"details":[1]})", R"(12: an element of "details" is 1, but must be an object)"},
      {R"({"details":[null]})", R"(12: an element of "details" is null, but must be an object)"},
      {R"({"details":[{"type_url":1}]})", R"(24: "type_url" is 1, but must be a string)"},
      {R"({"details":[{"value":1}]})",
       R"(21: "value" in "details" is 1, but must be a string of base64)"},
      {R"({"details":[{"value":"*"}]})",
       R"(21: "value" in "details" is "*", but must be a string of base64)"},
  });
}

TEST(JsonHeaderRefusal, WhenANumberIsNoIntegerFromZero) {
  for (const std::string name : {"size", "call", "timeout_us", "credit", "code"}) {
    const std::string max = name == "code" ? "4294967295" : "9007199254740991";
    for (const std::string value :
         {"-3", "-0", "1.0", "1e3", "true", "[]", "{}", "\"\"", "\" 1\"", "\"+1\"", "\"-1\"",
          "\"1.0\"", "\"0x1\"", "\"1 \"", "\"000000000000000000001\"", "\"one\""}) {
      EXPECT_EQ(Refusal("{\"" + name + "\":" + value + "}"),
                "JSON header, byte " + std::to_string(name.size() + 4) + ": \"" + name + "\" is " +
                    value + ", but must be an integer from 0 to " + max);
    }
  }
  ExpectRefusals({
      {R"({"code":4294967296})",
       R"(8: "code" is 4294967296, but must be an integer from 0 to 4294967295)"},
      {R"({"code":"4294967296"})",
       R"(8: "code" is "4294967296", but must be an integer from 0 to 4294967295)"},
  });
}

TEST(JsonHeaderRefusal, ShowsOnlyTheBeginningOfALongValueAndNothingUnprintable) {
  const std::string digits(1000, '7');
  EXPECT_EQ(
      Refusal("{\"name\":" + digits + "}"),
      "JSON header, byte 8: \"name\" is " + digits.substr(0, 40) + "..., but must be a string");
  EXPECT_EQ(Refusal("{\"size\":[\"\xC3\xBC\x7F\n\"]}"),
            "JSON header, byte 13: a string holds the control character 0x0a, which must be "
            "written \\u000a");
  EXPECT_EQ(Refusal("{\"size\":[\"\xC3\xBC\x7F\",\n1]}"),
            "JSON header, byte 8: \"size\" is [\"\\xc3\\xbc\\x7f\",\\x0a1], but must be an integer "
            "from 0 "
            "to 9007199254740991");
  EXPECT_LT(Refusal("{\"metadata\":{\"" + std::string(60'000, 'k') + "\":1}}").size(), 200u);
  EXPECT_LT(Refusal("{\"x\":" + std::string(60'000, 'k') + "}").size(), 200u);
}

}  // namespace
}  // namespace rpc::wire
