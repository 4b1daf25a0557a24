#include "rpc/wire/bytes_as_text.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace rpc::wire {
namespace {

std::string Hex(std::string_view bytes) {
  std::string text;
  AppendHex(bytes, &text);
  return text;
}

std::string Base64(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  return text;
}

std::optional<std::string> FromHex(std::string_view text) {
  std::string bytes(text.size() / 2, '?');
  if (!DecodeHex(text, bytes.data())) return std::nullopt;
  return bytes;
}

// Decodes in place, as the reader of JSON does.
std::optional<std::string> FromBase64(std::string bytes) {
  size_t size;
  if (!DecodeBase64(bytes, bytes.data(), &size)) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::string EveryByte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST(Hex, ReadsBackEveryByteItWrote) {
  EXPECT_EQ(Hex({"\x00\x01\x9a\xff", 4}), "00019aff");
  EXPECT_EQ(FromHex(Hex(EveryByte())), EveryByte());
}

TEST(Hex, RefusesWhatIsNoPairsOfLowerCaseDigits) {
  for (const char* text :
       {"0", "012", "0A", "A0", "0g", "g0", "0 ", " 0", "0:", "0/", "0`", "\xC3\xBC"}) {
    EXPECT_EQ(FromHex(text), std::nullopt) << text;
  }
  EXPECT_EQ(FromHex(""), "");
}

// RFC 4648, section 10.
constexpr std::pair<const char*, const char*> kRfcVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64, WritesAndReadsTheExamplesOfTheRfc) {
  for (const auto& [bytes, text] : kRfcVectors) {
    EXPECT_EQ(Base64(bytes), text);
    EXPECT_EQ(FromBase64(text), bytes);
  }
}

TEST(Base64, ReadsBackEveryBeginningOfEveryByte) {
  for (size_t size = 0; size <= 256; ++size) {
    const std::string bytes = EveryByte().substr(0, size);
    EXPECT_EQ(FromBase64(Base64(bytes)), bytes) << size;
  }
}

TEST(Base64, TakesTheAlphabetOfUrlsAndNoPadding) {
  const std::string bytes = "\xFB\xFF\xBF\xFE";
  EXPECT_EQ(Base64(bytes), "+/+//g==");
  for (const char* text : {"+/+//g==", "-_-__g==", "+/+//g", "-_-__g"}) {
    EXPECT_EQ(FromBase64(text), bytes) << text;
  }
}

TEST(Base64, RefusesAllElse) {
  for (const char* text :
       {"Z", "Zg=", "Z===", "====", "==", "=", "Zm8==", "Zm9v=", "Zm9v====", "Zm9vY",
        "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9*", "Zm9\xFF", "\xC3\xBC=="}) {
    EXPECT_EQ(FromBase64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace rpc::wire
