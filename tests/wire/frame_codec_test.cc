// The encoder and the decoder, driven by the table of frames.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "rpc/wire/frame_text.h"
#include "rpc/wire/header_codec.h"
#include "tests/wire/frame_fixture.h"
#include "tests/wire/frame_table.h"

namespace rpc::wire {
namespace {

// What decoding a row's bytes must give.
OwnedFrame Expected(const FrameRow& row) {
  Frame frame;
  frame.header = row.header;
  frame.header.size = row.body.size();
  const Md5Digest digest = Md5(row.body);
  if (!row.body.empty()) {
    frame.header.md5 = {reinterpret_cast<const char*>(digest.data()), kMd5Bytes};
  }
  frame.body = row.body;
  return Own(frame);
}

class EveryFrame : public testing::TestWithParam<FrameRow> {};

INSTANTIATE_TEST_SUITE_P(Table, EveryFrame, testing::ValuesIn(FrameTable()), [](const auto& info) {
  std::string name = info.param.name;
  for (char& c : name) c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

TEST_P(EveryFrame, IsEncodedToItsBytes) {
  EXPECT_EQ(EncodeFrame(GetParam().header, GetParam().body), GetParam().bytes);
}

TEST_P(EveryFrame, IsDecodedWhole) {
  const Decoded decoded = Decode(GetParam().bytes);
  ASSERT_EQ(decoded.error, "");
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_EQ(decoded.frames[0], Expected(GetParam()));
  EXPECT_EQ(decoded.end, "");
}

TEST_P(EveryFrame, IsDecodedByteByByte) {
  const Decoded decoded = Decode(GetParam().bytes, {.read_size = [] { return 1; }});
  ASSERT_EQ(decoded.error, "");
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_EQ(decoded.frames[0], Expected(GetParam()));
}

TEST_P(EveryFrame, IsDecodedThroughASpaceSmallerThanItself) {
  const Decoded decoded = Decode(GetParam().bytes, {.space_size = 7});
  ASSERT_EQ(decoded.error, "");
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_EQ(decoded.frames[0], Expected(GetParam()));
}

TEST_P(EveryFrame, IsDecodedBetweenOthersAndWithTrailingBytes) {
  const std::string other = FrameTable().front().bytes;
  const Decoded decoded = Decode(other + GetParam().bytes + other + other.substr(0, 5));
  ASSERT_EQ(decoded.error, "");
  ASSERT_EQ(decoded.frames.size(), 3u);
  EXPECT_EQ(decoded.frames[1], Expected(GetParam()));
  EXPECT_NE(decoded.end, "");
}

TEST_P(EveryFrame, IsWaitedForWhereverItIsCut) {
  const std::string& bytes = GetParam().bytes;
  const size_t step = 1 + bytes.size() / 300;
  for (size_t size = 0; size < bytes.size(); size += step) {
    const Decoded decoded = Decode(std::string_view(bytes).substr(0, size));
    ASSERT_EQ(decoded.error, "") << size;
    ASSERT_TRUE(decoded.frames.empty()) << size;
    ASSERT_EQ(decoded.end.empty(), size == 0) << size;
  }
}

TEST_P(EveryFrame, FailsItsMd5WhenAnyBitOfTheBodyIsFlipped) {
  const FrameRow& row = GetParam();
  const size_t start = row.bytes.size() - row.body.size();
  const size_t step = 1 + row.body.size() / 50;
  for (size_t i = start; i < row.bytes.size(); i += step) {
    std::string bytes = row.bytes;
    bytes[i] = static_cast<char>(bytes[i] ^ 1 << i % 8);
    const Decoded decoded = Decode(bytes);
    ASSERT_EQ(decoded.frames.size(), 1u) << i;
    EXPECT_EQ(decoded.frames[0].check, BodyCheck::kBad) << i;
  }
}

TEST_P(EveryFrame, IsSaidInOneLineOfWords) {
  Header header = GetParam().header;
  header.size = GetParam().body.size();
  const std::string text = DescribeFrame(header);
  EXPECT_TRUE(text.starts_with(KindName(header.kind))) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST(FrameCodec, TheWholeTableIsOneStreamHoweverItIsCut) {
  std::string stream;
  std::vector<OwnedFrame> expected;
  for (const FrameRow& row : FrameTable()) {
    stream += row.bytes;
    expected.push_back(Expected(row));
  }
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const size_t cut_max = size_t{1} << random() % 18;
    const Decoded decoded =
        Decode(stream, {.space_size = 1 + random() % 100'000,
                        .read_size = [&]() -> size_t { return 1 + random() % cut_max; }});
    ASSERT_EQ(decoded.error, "") << "round " << round;
    ASSERT_EQ(decoded.frames, expected) << "round " << round;
  }
}

class EveryBadInput : public testing::TestWithParam<BadRow> {};

INSTANTIATE_TEST_SUITE_P(Table, EveryBadInput, testing::ValuesIn(BadTable()), [](const auto& info) {
  std::string name = info.param.name;
  for (char& c : name) {
    c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
  }
  return name;
});

TEST_P(EveryBadInput, IsAnErrorWithASentence) {
  const Decoded decoded = Decode(GetParam().bytes);
  EXPECT_EQ(decoded.fault, GetParam().fault) << decoded.error;
  EXPECT_NE(decoded.error.find(GetParam().sentence_part), std::string::npos) << decoded.error;
}

TEST_P(EveryBadInput, IsTheSameErrorByteByByte) {
  const Decoded decoded = Decode(GetParam().bytes, {.read_size = [] { return 1; }});
  EXPECT_EQ(decoded.fault, GetParam().fault) << decoded.error;
}

TEST_P(EveryBadInput, AfterAGoodFrameStillGivesThatFrame) {
  const FrameRow& good = FrameTable().front();
  const Decoded decoded = Decode(good.bytes + GetParam().bytes + good.bytes);
  ASSERT_FALSE(decoded.frames.empty());
  EXPECT_EQ(decoded.frames[0], Expected(good));
  EXPECT_NE(decoded.fault, WireFault::kNone);
}

}  // namespace
}  // namespace rpc::wire
