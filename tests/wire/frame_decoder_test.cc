// What the table of frames does not say: memory, oversize bodies, dropping, batches.
#include "rpc/wire/frame_decoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "rpc/wire/header_codec.h"
#include "tests/wire/frame_fixture.h"

namespace rpc::wire {
namespace {

std::string Call(uint64_t id, std::string_view body) {
  Header header;
  header.name = "echo.Echo/Say";
  header.call = id;
  header.flags = kFlagLast;
  return EncodeFrame(header, body);
}

// The start of a CALL 1 that announces a body of `size` bytes, without md5.
std::string Announce(uint64_t size, std::string_view body_start = "") {
  Header header;
  header.call = 1;
  header.size = size;
  std::string frame(kLengthBytes + EncodedHeaderSize(header), '\0');
  frame[3] = static_cast<char>(EncodedHeaderSize(header));
  EncodeHeader(header, frame.data() + kLengthBytes);
  return frame + std::string(body_start);
}

TEST(FrameDecoder, FramesThatLieWholeInOneReadAreNotCopied) {
  DecodeBuffers buffers;
  FrameDecoder decoder(&buffers);
  const std::string bytes = Call(1, "one") + Call(2, "two");
  const std::span<char> space = decoder.Space();
  std::memcpy(space.data(), bytes.data(), bytes.size());
  decoder.Commit(bytes.size());
  const Frame* frame;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(decoder.Next(&frame), FrameDecoder::kFrame);
    EXPECT_GE(frame->body.data(), space.data());
    EXPECT_LT(frame->body.data(), space.data() + bytes.size());
    EXPECT_GE(frame->header.name.data(), space.data());
  }
  EXPECT_EQ(decoder.Next(&frame), FrameDecoder::kNeedMore);
  EXPECT_EQ(decoder.memory_size(), 0u);
}

TEST(FrameDecoder, ManyMoreFramesThanABatchHoldsComeInOrder) {
  std::string bytes;
  for (uint64_t id = 1; id <= 2000; ++id) bytes += Call(id, std::to_string(id));
  const Decoded decoded = Decode(bytes, {.space_size = 1 << 20});
  ASSERT_EQ(decoded.frames.size(), 2000u);
  for (size_t i = 0; i < 2000; ++i) {
    EXPECT_EQ(decoded.frames[i].body, std::to_string(i + 1));
    EXPECT_EQ(decoded.frames[i].check, BodyCheck::kGood);
  }
}

TEST(FrameDecoder, OneWrongBodyOfABatchIsFoundAndItsNeighboursAreGood) {
  std::string bytes;
  for (uint64_t id = 0; id < 40; ++id) bytes += Call(id, "body " + std::to_string(id));
  const size_t at = bytes.find("body 23");
  bytes[at] = 'B';
  const Decoded decoded = Decode(bytes);
  ASSERT_EQ(decoded.frames.size(), 40u);
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(decoded.frames[i].check, i == 23 ? BodyCheck::kBad : BodyCheck::kGood) << i;
  }
}

TEST(FrameDecoder, ABodyWithoutMd5IsToldFromOneThatIsWrong) {
  EXPECT_EQ(Decode(Announce(3, "abc")).frames.at(0).check, BodyCheck::kAbsent);
}

TEST(FrameDecoder, AnAnnouncedBodyTakesMemoryOnlyAsItArrives) {
  const Decoded decoded = Decode(Announce(16 << 20, std::string(1000, 'x')));
  EXPECT_TRUE(decoded.frames.empty());
  EXPECT_EQ(decoded.headers, 1);
  EXPECT_LT(decoded.memory_size_max, 4096u);
}

TEST(FrameDecoder, AnAnnouncedHeaderTakesMemoryOnlyAsItArrives) {
  const Decoded decoded = Decode(std::string("\x00\xFF\xFF\xFF\x0a", 5),
                                 {.limits = {.header_size_max = kHeaderSizeMaxCeiling}});
  EXPECT_EQ(decoded.fault, WireFault::kNone);
  EXPECT_LT(decoded.memory_size_max, 1024u);
}

TEST(FrameDecoder, ABodyAboveTheLimitIsDroppedAndTheNextFrameComes) {
  const DecoderLimits limits = {.body_size_max = 100};
  for (size_t read_size : {1, 50, 100'000}) {
    const Decoded decoded = Decode(Call(1, std::string(101, 'x')) + Call(2, "next"),
                                   {.limits = limits, .read_size = [&] { return read_size; }});
    ASSERT_EQ(decoded.frames.size(), 2u);
    EXPECT_TRUE(decoded.frames[0].dropped);
    EXPECT_EQ(decoded.frames[0].body, "");
    EXPECT_FALSE(decoded.frames[1].dropped);
    EXPECT_EQ(decoded.frames[1].body, "next");
    EXPECT_LT(decoded.memory_size_max, 1024u);
  }
}

TEST(FrameDecoder, ABodyAboveTheLimitIsHeardOfWhenItsHeaderIsRead) {
  const Decoded decoded = Decode(Announce(200, "x"), {.limits = {.body_size_max = 100}});
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_TRUE(decoded.frames[0].dropped);
  EXPECT_EQ(decoded.end, "the input ended 199 bytes before the end of a dropped body");
}

TEST(FrameDecoder, ABodyExactlyAtTheLimitIsTaken) {
  const Decoded decoded =
      Decode(Call(1, std::string(100, 'x')), {.limits = {.body_size_max = 100}});
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_FALSE(decoded.frames[0].dropped);
  EXPECT_EQ(decoded.frames[0].body.size(), 100u);
}

TEST(FrameDecoder, AFrameCanBeDroppedWhenOnlyItsHeaderIsThere) {
  const std::string bytes = Call(1, std::string(1000, 'x')) + Call(2, "next");
  const Decoded decoded =
      Decode(bytes, {.read_size = [] { return 100; },
                     .drop = [](const Header& header) { return header.call == 1; }});
  EXPECT_EQ(decoded.headers, 1);
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_EQ(decoded.frames[0].body, "next");
}

TEST(FrameDecoder, ALargeFrameInManyReadsIsCopiedOnceAndNotQuadratically) {
  const std::string body(8 << 20, 'x');
  const Decoded decoded = Decode(Call(1, body), {.read_size = [] { return 100; }});
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_EQ(decoded.frames[0].body, body);
  EXPECT_EQ(decoded.frames[0].check, BodyCheck::kGood);
  EXPECT_LE(decoded.memory_size_max, body.size() + 1024);
}

TEST(FrameDecoder, NothingIsDecodedAfterAnError) {
  DecodeBuffers buffers;
  FrameDecoder decoder(&buffers);
  const std::string good = Call(1, "a");
  for (int round = 0; round < 2; ++round) {
    const std::string bytes = std::string(4, '\0') + good;
    std::memcpy(decoder.Space().data(), bytes.data(), bytes.size());
    decoder.Commit(bytes.size());
    const Frame* frame;
    EXPECT_EQ(decoder.Next(&frame), FrameDecoder::kError);
    EXPECT_EQ(decoder.Next(&frame), FrameDecoder::kError);
    EXPECT_EQ(decoder.error().message(), "header length is 0, but must be from 1 to 65536");
  }
}

TEST(FrameDecoder, OneSetOfBuffersServesManyDecodersInTurn) {
  DecodeBuffers buffers;
  FrameDecoder first(&buffers);
  FrameDecoder second(&buffers);
  const std::string bytes = Call(7, "hello");
  const Frame* frame;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (FrameDecoder* decoder : {&first, &second}) {
      decoder->Space()[0] = bytes[i];
      decoder->Commit(1);
      if (i + 1 < bytes.size()) {
        while (decoder->Next(&frame) == FrameDecoder::kHeader) continue;
        continue;
      }
      ASSERT_EQ(decoder->Next(&frame), FrameDecoder::kFrame);
      EXPECT_EQ(frame->body, "hello");
      EXPECT_EQ(frame->header.call, 7u);
      EXPECT_EQ(decoder->Next(&frame), FrameDecoder::kNeedMore);
    }
  }
}

TEST(FrameDecoder, ADecoderThatGoesAwayInTheMiddleOfABatchFreesTheBuffers) {
  DecodeBuffers buffers;
  const std::string bytes = Call(1, "a") + Call(2, "b");
  const Frame* frame;
  for (int round = 0; round < 3; ++round) {
    FrameDecoder decoder(&buffers);
    std::memcpy(decoder.Space().data(), bytes.data(), bytes.size());
    decoder.Commit(bytes.size());
    ASSERT_EQ(decoder.Next(&frame), FrameDecoder::kFrame);
  }
}

TEST(FrameDecoder, SaysWhereTheInputEnded) {
  const std::string bytes = Call(1, "0123456789");
  EXPECT_EQ(Decode(bytes.substr(0, 9)).end, "the input ended inside a frame header, after 9 bytes");
  EXPECT_EQ(Decode(bytes.substr(0, bytes.size() - 4)).end,
            "the input ended inside a frame, after 6 of 10 body bytes");
}

}  // namespace
}  // namespace rpc::wire
