// What the table of frames does not say: pieces, sharing, consuming, hashing across connections.
#include "rpc/wire/frame_encoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "tests/wire/frame_fixture.h"

namespace rpc::wire {
namespace {

Header Message(uint64_t call) {
  Header header;
  header.kind = Kind::kMessage;
  header.call = call;
  return header;
}

TEST(FrameEncoder, SmallFramesInARowAreOnePiece) {
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  Header header = Message(1);
  for (int i = 0; i < 100; ++i) encoder.Append(header, "body");
  EXPECT_EQ(encoder.Pieces().size(), 1u);
  EXPECT_EQ(encoder.Pieces()[0].bytes.size(), encoder.size());
}

TEST(FrameEncoder, ALargeSharedBodyIsNotCopiedAndIsHeldUntilItIsSent) {
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  auto body = std::make_shared<const std::string>(100'000, 'x');
  Header header = Message(1);
  encoder.AppendShared(header, *body, body);
  ASSERT_EQ(encoder.Pieces().size(), 2u);
  EXPECT_EQ(encoder.Pieces()[1].bytes.data(), body->data());
  EXPECT_EQ(body.use_count(), 2);
  encoder.Consume(encoder.size() - 1);
  EXPECT_EQ(body.use_count(), 2);
  encoder.Consume(1);
  EXPECT_EQ(body.use_count(), 1);
}

TEST(FrameEncoder, ASmallSharedBodyIsCopiedAndReleasedAtOnce) {
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  auto body = std::make_shared<const std::string>("small");
  Header header = Message(1);
  encoder.AppendShared(header, *body, body);
  EXPECT_EQ(encoder.Pieces().size(), 1u);
  EXPECT_EQ(body.use_count(), 1);
}

TEST(FrameEncoder, ABodyWrittenInPlaceIsHashedWithTheOthers) {
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  Header header = Message(1);
  for (size_t size : {1, 64, 5000, 70'000}) {
    const std::string body(size, static_cast<char>('a' + size % 7));
    std::memcpy(encoder.AppendInPlace(header, size), body.data(), size);
  }
  const Decoded decoded = Decode(Join(encoder.Pieces()));
  ASSERT_EQ(decoded.frames.size(), 4u);
  for (const OwnedFrame& frame : decoded.frames) EXPECT_EQ(frame.check, BodyCheck::kGood);
}

TEST(FrameEncoder, ConsumingInAnyStepsLosesNoByte) {
  std::mt19937 random(5);
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  const auto large = std::make_shared<const std::string>(20'000, 'L');
  std::string sent;
  std::string expected;
  for (int round = 0; round < 500; ++round) {
    Header header = Message(round);
    const std::string small(random() % 300, 's');
    if (random() % 5 == 0) {
      encoder.AppendShared(header, *large, large);
      expected += EncodeFrame(header, *large);
    } else {
      encoder.Append(header, small);
      expected += EncodeFrame(header, small);
    }
    const std::string pending = Join(encoder.Pieces());
    ASSERT_EQ(pending.size(), encoder.size());
    const size_t size = random() % (pending.size() + 1);
    sent += pending.substr(0, size);
    encoder.Consume(size);
  }
  sent += Join(encoder.Pieces());
  EXPECT_EQ(sent, expected);
}

TEST(FrameEncoder, WithoutMd5WhereThePeerWaivedIt) {
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  encoder.set_md5(false);
  Header header = Message(1);
  encoder.Append(header, "body");
  const Decoded decoded = Decode(Join(encoder.Pieces()));
  ASSERT_EQ(decoded.frames.size(), 1u);
  EXPECT_EQ(decoded.frames[0].check, BodyCheck::kAbsent);
}

TEST(FrameEncoder, ManyConnectionsShareMemoryAndKeepTheirBytesApart) {
  EncodeBuffers buffers;
  std::vector<std::unique_ptr<FrameEncoder>> encoders;
  std::vector<std::string> expected(50);
  for (int i = 0; i < 50; ++i) encoders.push_back(std::make_unique<FrameEncoder>(&buffers));
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 50; ++i) {
      Header header = Message(i);
      const std::string body(1 + round, static_cast<char>('a' + i % 26));
      encoders[i]->Append(header, body);
      expected[i] += EncodeFrame(header, body);
    }
  }
  for (int i = 0; i < 50; ++i) ASSERT_EQ(Join(encoders[i]->Pieces()), expected[i]) << i;
}

TEST(FrameEncoder, AnEncoderThatGoesAwayUnsentHarmsNoOther) {
  EncodeBuffers buffers;
  FrameEncoder stays(&buffers);
  Header header = Message(1);
  for (int i = 0; i < 2000; ++i) {
    FrameEncoder goes(&buffers);
    goes.Append(header, "never sent");
    auto large = std::make_shared<const std::string>(10'000, 'x');
    goes.AppendShared(header, *large, large);
    stays.Append(header, "sent");
  }
  const Decoded decoded = Decode(Join(stays.Pieces()));
  ASSERT_EQ(decoded.frames.size(), 2000u);
  for (const OwnedFrame& frame : decoded.frames) ASSERT_EQ(frame.check, BodyCheck::kGood);
}

TEST(FrameEncoder, ARecordsSizeIsKnownBeforeItIsWritten) {
  for (Form form : {Form::kBinary, Form::kJson}) {
    for (size_t body_size : {0, 1, 300}) {
      Header header = Message(300);
      header.form = form;
      header.message = "a \"sentence\"";
      const std::string bytes = EncodeFrame(header, std::string(body_size, 'x'));
      EXPECT_EQ(EncodedRecordSize(header, body_size) + kLengthBytes + body_size, bytes.size());
    }
  }
}

}  // namespace
}  // namespace rpc::wire
