// What AppendJsonHeader writes, and that reading it back gives the same header.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "rpc/wire/json_header.h"

namespace rpc::wire {
namespace {

using std::string_view_literals::operator""sv;

std::string Written(const Header& header) {
  std::string text;
  AppendJsonHeader(header, &text);
  return text;
}

TEST(JsonHeaderEncode, WritesEveryMemberInTheOrderOfItsNumber) {
  Header header;
  header.md5 = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff"sv;
  header.name = "echo.Echo/Say";
  header.size = 300;
  header.kind = Kind::kEnd;
  header.call = 7;
  header.flags = kFlagLast | kFlagMore | kFlagBare | kFlagUnseen | 16;
  header.timeout_us = 50'000;
  header.code = 5;
  header.message = "no such user";
  header.metadata = {{"c", "2"}, {"a", "1"}, {"b-bin", "\x00\xFF"sv}, {"c", "3"}};
  header.details = {{"t/a.B", "\x08\x01"}, {"", ""}};
  header.credit = 65'536;
  header.encoding = Encoding::kZstd;
  header.session = 0x0123456789ABCDEF;
  header.padding = "   ";
  EXPECT_EQ(
      Written(header),
      R"({"md5":"000102030405060708090a0b0c0d0eff","name":"echo.Echo/Say","size":300,)"
      R"("kind":"end","call":7,"last":true,"more":true,"bare":true,"unseen":true,)"
      R"("timeout_us":50000,"code":5,"message":"no such user",)"
      R"("metadata":{"c":["2","3"],"a":"1","b-bin":"AP8="},)"
      R"("details":[{"type_url":"t/a.B","value":"CAE="},{}],"credit":65536,"encoding":"zstd",)"
      R"("session":"0123456789abcdef","padding":"   "})");
}

TEST(JsonHeaderEncode, AppendsAndLeavesDefaultsOut) {
  std::string text = "before";
  AppendJsonHeader(Header(), &text);
  EXPECT_EQ(text, "before{\"last\":false}");
  Header header;
  header.flags = kFlagLast;
  EXPECT_EQ(Written(header), "{}");
  header.kind = Kind::kMessage;
  EXPECT_EQ(Written(header), R"({"kind":"message","last":true})");
}

TEST(JsonHeaderEncode, SaysLastOfACallWhereAnAbsentOneWouldReadOtherwise) {
  const std::pair<uint32_t, const char*> expected[] = {
      {0, R"({"last":false})"},
      {kFlagLast, R"({})"},
      {kFlagMore, R"({"more":true})"},
      {kFlagBare, R"({"bare":true})"},
      {kFlagLast | kFlagMore, R"({"last":true,"more":true})"},
      {kFlagLast | kFlagBare, R"({"last":true,"bare":true})"},
      {kFlagUnseen, R"({"last":false,"unseen":true})"},
  };
  for (const auto& [flags, text] : expected) {
    Header header;
    header.flags = flags;
    EXPECT_EQ(Written(header), text);
  }
}

TEST(JsonHeaderEncode, PutsTheDigitsOfTheMd5WhereTheyCanBeReplaced) {
  Header header;
  header.md5 = std::string_view("0123456789abcdef");
  header.name = "echo.Echo/Say";
  std::string text = Written(header);
  text.replace(kJsonMd5Offset, 2 * kMd5Bytes, std::string(2 * kMd5Bytes, 'a'));
  EXPECT_TRUE(text.starts_with("{\"md5\":\"" + std::string(32, 'a') + "\",\"name\":")) << text;
}

TEST(JsonHeaderEncode, AWrongMd5StaysWrong) {
  const std::string bytes = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";
  for (size_t size = 1; size <= bytes.size(); ++size) {
    if (size == kMd5Bytes) continue;
    Header header, read;
    header.md5 = std::string_view(bytes).substr(0, size);
    std::string storage;
    ASSERT_TRUE(DecodeJsonHeader(Written(header), &storage, &read).ok());
    EXPECT_NE(read.md5.size(), kMd5Bytes) << size;
    EXPECT_NE(read.md5, "") << size;
  }
}

TEST(JsonHeaderEncode, EscapesWhatMustBeAndNothingElse) {
  Header header;
  header.flags = kFlagLast;
  header.name = "\"\\/\b\f\n\r\t\0\x1F\x20\x7F\xC3\xBC\xF0\x9F\x98\x80"sv;
  EXPECT_EQ(Written(header),
            "{\"name\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f \x7F\xC3\xBC\xF0\x9F\x98\x80\"}");
}

TEST(JsonHeaderEncode, ReplacesWhatIsNotUtf8) {
  Header header;
  header.flags = kFlagLast;
  header.message = "a\xFF\n\xC3";
  header.padding = "\x80";
  header.metadata = {{"\xFE", "\xED\xA0\x80"}, {"k-bin", "\xFF"}, {"\xFF-bin", "\xFE"}};
  header.details = {{"\xC0", "\xC0"}};
  EXPECT_EQ(Written(header),
            "{\"message\":\"a\xEF\xBF\xBD\\n\xEF\xBF\xBD\","
            "\"metadata\":{\"\xEF\xBF\xBD\":\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\","
            "\"k-bin\":\"/w==\",\"\xEF\xBF\xBD-bin\":\"/g==\"},"
            "\"details\":[{\"type_url\":\"\xEF\xBF\xBD\",\"value\":\"wA==\"}],"
            "\"padding\":\"\xEF\xBF\xBD\"}");
}

// Metadata as they come back: those of one key together, keys in the order of their first.
std::vector<Metadatum> Together(const std::vector<Metadatum>& metadata) {
  std::vector<Metadatum> together;
  for (const Metadatum& first : metadata) {
    auto has_key = [&](const Metadatum& entry) { return entry.key == first.key; };
    if (std::any_of(together.begin(), together.end(), has_key)) continue;
    std::copy_if(metadata.begin(), metadata.end(), std::back_inserter(together), has_key);
  }
  return together;
}

void ExpectReadBack(Header header) {
  const std::string text = Written(header);
  std::string storage;
  Header read;
  const absl::Status status = DecodeJsonHeader(text, &storage, &read);
  ASSERT_TRUE(status.ok()) << status << "\n" << text;
  header.form = Form::kJson;
  header.metadata = Together(header.metadata);
  EXPECT_EQ(read, header) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_EQ(Written(read), text);
}

// Makes headers of every kind from one seed; the strings live as long as the maker.
class HeaderMaker {
 public:
  Header Make() {
    strings_.clear();
    Header header;
    if (OneIn(2)) header.md5 = Bytes(kMd5Bytes);
    if (OneIn(2)) header.name = Text();
    header.size = Number();
    header.kind = Kind{Either(static_cast<int32_t>(random_() % 10))};
    header.call = Number();
    header.flags = random_() % 16;
    header.timeout_us = Number();
    header.code = OneIn(2) ? random_() : random_() % 17;
    if (OneIn(2)) header.message = Text();
    for (size_t i = OneIn(2) ? random_() % 10 : 0; i > 0; --i) header.metadata.push_back(Entry());
    for (size_t i = OneIn(4) ? random_() % 4 : 0; i > 0; --i) {
      header.details.push_back({Text(), Bytes(random_() % 9)});
    }
    header.credit = Number();
    header.encoding = Encoding{Either(static_cast<int32_t>(random_() % 3))};
    header.session = Number();
    if (OneIn(4)) header.padding = Text();
    return header;
  }

 private:
  bool OneIn(uint32_t count) { return random_() % count == 0; }

  // Mostly `number`, seldom any other.
  int32_t Either(int32_t number) { return OneIn(8) ? static_cast<int32_t>(random_()) : number; }

  uint64_t Number() {
    const uint64_t number = uint64_t{random_()} << 32 | random_();
    return OneIn(2) ? 0 : number >> (random_() % 64);
  }

  std::string_view Keep(std::string text) { return strings_.emplace_back(std::move(text)); }

  std::string_view Bytes(size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(random_()));
    return Keep(bytes);
  }

  std::string_view Text() {
    constexpr std::string_view kCharacters[] = {
        "\0"sv, "\n", "\x1F", "\"", "\\", "/", "a",        "\\u0041",      "{",
        "}",    "[",  "]",    ":",  ",",  " ", "\xC3\xBC", "\xE2\x80\xA8", "\xF4\x8F\xBF\xBF",
        "-bin"};
    std::string text;
    for (size_t i = random_() % 12; i > 0; --i)
      text += kCharacters[random_() % std::size(kCharacters)];
    return Keep(text);
  }

  Metadatum Entry() {
    constexpr std::string_view kKeys[] = {"a", "b", "", "k-bin", "-bin", "-bi", "\xC3\xBC\n"};
    const std::string_view key = kKeys[random_() % std::size(kKeys)];
    return {key, key.ends_with("-bin") ? Bytes(random_() % 20) : Text()};
  }

  std::mt19937 random_{1};
  std::deque<std::string> strings_;
};

TEST(JsonHeaderEncode, WhatItWroteReadsBackTheSame) {
  HeaderMaker maker;
  for (int round = 0; round < 5'000 && !testing::Test::HasFailure(); ++round) {
    ExpectReadBack(maker.Make());
  }
}

TEST(JsonHeaderEncode, GroupsAnyNumberOfKeysByTheirFirst) {
  constexpr size_t kEntries = 5000;
  for (size_t keys_count : {1u, 2u, 50u, 5000u}) {
    std::deque<std::string> strings;
    Header header;
    for (size_t i = 0; i < kEntries; ++i) {
      const std::string& key = strings.emplace_back(std::to_string(i % keys_count * 7919 % 10'007));
      header.metadata.push_back({key, strings.emplace_back(std::to_string(i))});
    }
    std::string storage;
    Header read;
    ASSERT_TRUE(DecodeJsonHeader(Written(header), &storage, &read).ok());
    ASSERT_EQ(read.metadata.size(), kEntries);
    const size_t repeats = kEntries / keys_count;
    for (size_t i = 0; i < kEntries; ++i) {
      EXPECT_EQ(read.metadata[i], header.metadata[i % repeats * keys_count + i / repeats]) << i;
    }
  }
}

}  // namespace
}  // namespace rpc::wire
