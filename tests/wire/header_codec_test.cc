#include "rpc/wire/header_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

#include "tests/wire/header_agreement.h"

namespace rpc::wire {
namespace {

using std::string_literals::operator""s;

Header FullHeader() {
  Header header;
  header.md5 = "0123456789abcdef";
  header.name = "echo.Echo/Say";
  header.size = 300;
  header.kind = Kind::kEnd;
  header.call = 1'000'000;
  header.flags = kFlagLast | kFlagBare;
  header.timeout_us = 50'000;
  header.code = 5;
  header.message = "no such user: J\xC3\xBCrgen";
  header.metadata = {{"trace-id", "4711"}, {"key-bin", "\x01\xFF"}, {"empty", ""}};
  header.details = {{"type.googleapis.com/a.B", "\x08\x01"}, {"", ""}};
  header.credit = 65'536;
  header.encoding = Encoding::kZstd;
  header.session = 0x0123456789ABCDEF;
  header.padding = "   ";
  return header;
}

// Fields as protobuf writes them, for records that no encoder of ours would write.
std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string NumberField(uint32_t field, uint64_t value) {
  return Varint(field << 3) + Varint(value);
}
std::string BytesField(uint32_t field, std::string_view bytes) {
  return Varint(field << 3 | 2) + Varint(bytes.size()) + std::string(bytes);
}
std::string Groups(uint32_t field, int depth) {
  std::string bytes;
  for (int i = 0; i < depth; ++i) bytes += Varint(field << 3 | 3);
  for (int i = 0; i < depth; ++i) bytes += Varint(field << 3 | 4);
  return bytes;
}

bool Accepts(std::string_view record) {
  Header header;
  return DecodeHeader(record, &header).ok();
}

TEST(HeaderCodec, WritesWhatTheGeneratedClassWrites) {
  const Header header = FullHeader();
  EXPECT_EQ(Encode(header), ToRecord(header).SerializeAsString());
  EXPECT_EQ(Encode(Header()), "");
}

TEST(HeaderCodec, ReadsBackEveryFieldItWrote) {
  const Header header = FullHeader();
  const std::string record = Encode(header);
  Header decoded;
  ASSERT_TRUE(DecodeHeader(record, &decoded).ok());
  EXPECT_EQ(decoded, header);
}

TEST(HeaderCodec, AgreesAtEveryBoundaryOfEveryNumber) {
  for (int bit = 0; bit < 64; ++bit) {
    for (uint64_t value : {(uint64_t{1} << bit) - 1, uint64_t{1} << bit, (uint64_t{1} << bit) + 1,
                           std::numeric_limits<uint64_t>::max()}) {
      for (uint32_t field : {3u, 4u, 5u, 6u, 7u, 8u, 12u, 13u, 14u, 15u, 16u, 99u, 536870911u}) {
        const std::string record = NumberField(field, value);
        EXPECT_EQ(DifferenceOn(record), "") << "field " << field << " = " << value;
      }
    }
  }
}

TEST(HeaderCodec, AgreesOnEveryTruncationOfAFullRecord) {
  const std::string record = Encode(FullHeader());
  for (size_t size = 0; size <= record.size(); ++size) {
    EXPECT_EQ(DifferenceOn(record.substr(0, size)), "") << size;
  }
}

TEST(HeaderCodec, AgreesOnEveryChangeOfOneByte) {
  const std::string record = Encode(FullHeader());
  for (size_t i = 0; i < record.size(); ++i) {
    std::string changed = record;
    for (int value = 0; value < 256; ++value) {
      changed[i] = static_cast<char>(value);
      EXPECT_EQ(DifferenceOn(changed), "") << "byte " << i << " = " << value;
    }
  }
}

TEST(HeaderCodec, AgreesOnRandomRecordsOfRandomFields) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string record;
    for (int fields = random() % 6; fields > 0; --fields) {
      const uint32_t tag = random() % 20 << 3 | random() % 8;
      record += Varint(tag);
      const int bytes = random() % 12;
      if ((tag & 7) == 2) record += static_cast<char>(bytes);
      for (int i = 0; i < bytes; ++i) record += static_cast<char>(random() >> (random() % 24));
    }
    ASSERT_EQ(DifferenceOn(record), "") << "round " << round;
  }
}

TEST(HeaderCodec, TakesTheLastOfARepeatedScalar) {
  const std::string record =
      BytesField(2, "first") + NumberField(5, 1) + BytesField(2, "second") + NumberField(5, 2);
  Header header;
  ASSERT_TRUE(DecodeHeader(record, &header).ok());
  EXPECT_EQ(header.name, "second");
  EXPECT_EQ(header.call, 2u);
}

TEST(HeaderCodec, SkipsUnknownFieldsOfEveryWireType) {
  const std::string unknown = NumberField(99, 7) + Varint(99 << 3 | 1) + "12345678" +
                              BytesField(99, "abc") + Groups(99, 3) + Varint(99 << 3 | 5) + "1234";
  Header header;
  ASSERT_TRUE(DecodeHeader(unknown + NumberField(5, 4), &header).ok());
  EXPECT_EQ(header.call, 4u);
  EXPECT_EQ(DifferenceOn(unknown), "");
}

TEST(HeaderCodec, RefusesGroupsBeyondProtobufsDepth) {
  EXPECT_TRUE(Accepts(Groups(99, 100)));
  EXPECT_FALSE(Accepts(Groups(99, 101)));
  for (int depth : {99, 100, 101, 5000}) {
    EXPECT_EQ(DifferenceOn(Groups(99, depth)), "") << depth;
    EXPECT_EQ(DifferenceOn(BytesField(10, Groups(9, depth))), "") << depth;
    EXPECT_EQ(DifferenceOn(BytesField(11, Groups(9, depth))), "") << depth;
  }
}

TEST(HeaderCodec, SaysWhatIsWrongAndWhere) {
  Header header;
  EXPECT_EQ(DecodeHeader("\x12\x05"s + "ab", &header).message(),
            "header record of 4 bytes is not valid protobuf (found at byte 2)");
  EXPECT_EQ(DecodeHeader("\x12\x02\xC3\x28"s, &header).message(),
            "header record of 4 bytes has a text that is not UTF-8 (found at byte 4)");
}

TEST(HeaderCodec, AReusedHeaderKeepsNothingOfTheLastRecord) {
  Header header = FullHeader();
  ASSERT_TRUE(DecodeHeader("", &header).ok());
  EXPECT_EQ(header, Header());
}

}  // namespace
}  // namespace rpc::wire
