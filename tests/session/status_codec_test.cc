#include "rpc/session/status_codec.h"

#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "rpc/wire/frame_encoder.h"
#include "rpc/wire/utf8.h"

namespace rpc::session {
namespace {

using wire::Form;

wire::Header EndHeader(Form form = Form::kBinary) {
  wire::Header header;
  header.kind = wire::Kind::kEnd;
  header.flags = wire::kFlagBare;
  header.call = 1;
  header.form = form;
  return header;
}

TEST(StatusCodec, EveryCodeGoesThereAndBack) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), code == 0 ? "" : "sentence");
    const StatusWriter writer(status);
    wire::Header header = EndHeader();
    writer.WriteTo(&header);
    EXPECT_EQ(header.code, static_cast<uint32_t>(code));
    EXPECT_EQ(StatusOf(header), status);
  }
}

TEST(StatusCodec, ACodeAbove16IsUnknown) {
  for (const uint32_t code : {17u, 100u, UINT32_MAX}) {
    wire::Header header = EndHeader();
    header.code = code;
    header.message = "new";
    EXPECT_EQ(StatusOf(header), absl::UnknownError("new"));
  }
}

TEST(StatusCodec, PayloadsGoThereAndBack) {
  absl::Status status = absl::AbortedError("sentence");
  status.SetPayload("type/one", absl::Cord(absl::string_view("\0\xFF", 2)));
  status.SetPayload("type/two", absl::Cord());
  const StatusWriter writer(status);
  wire::Header header = EndHeader();
  writer.WriteTo(&header);
  EXPECT_EQ(header.details.size(), 2u);
  EXPECT_EQ(StatusOf(header), status);
}

TEST(StatusCodec, TextThatIsNotUtf8IsRepaired) {
  absl::Status status = absl::AbortedError("a\xFF z\xC3");
  status.SetPayload("type\xFE", absl::Cord("value"));
  const StatusWriter writer(status);
  wire::Header header = EndHeader();
  writer.WriteTo(&header);
  EXPECT_EQ(header.message, "a\xEF\xBF\xBD z\xEF\xBF\xBD");
  EXPECT_EQ(header.details[0].type_url, "type\xEF\xBF\xBD");
}

class FitHeaderIn : public testing::TestWithParam<Form> {};

INSTANTIATE_TEST_SUITE_P(Forms, FitHeaderIn, testing::Values(Form::kBinary, Form::kJson));

TEST_P(FitHeaderIn, WhatFitsIsLeftAlone) {
  wire::Header header = EndHeader(GetParam());
  header.code = 5;
  header.message = "sentence";
  header.metadata = {{"key", "value"}};
  header.details = {{"type/url", "value"}};
  const wire::Header before = header;
  const size_t size = wire::EncodedRecordSize(header, 0);
  FitHeader(&header, 0, size);
  EXPECT_EQ(header, before);
}

TEST_P(FitHeaderIn, DetailsGoFirstThenMetadataThenTheEndOfTheMessage) {
  const std::string kilobyte(1000, 'x');
  wire::Header full = EndHeader(GetParam());
  full.code = 5;
  full.message = kilobyte;
  full.metadata = {{"key", kilobyte}};
  full.details = {{"type/url", kilobyte}};

  wire::Header header = full;
  FitHeader(&header, 0, 2'500);
  EXPECT_TRUE(header.details.empty());
  EXPECT_EQ(header.metadata.size(), 1u);
  EXPECT_EQ(header.message.size(), 1000u);

  header = full;
  FitHeader(&header, 0, 1'500);
  EXPECT_TRUE(header.metadata.empty());
  EXPECT_EQ(header.message.size(), 1000u);

  header = full;
  FitHeader(&header, 0, 500);
  EXPECT_LE(wire::EncodedRecordSize(header, 0), 500u);
  EXPECT_GT(header.message.size(), 400u);
  EXPECT_EQ(header.code, 5u);
}

TEST_P(FitHeaderIn, TheBodyCountsWithItsMd5) {
  wire::Header header = EndHeader(GetParam());
  header.metadata = {{"key", "value"}};
  const size_t size = wire::EncodedRecordSize(header, 5);
  FitHeader(&header, 5, size);
  EXPECT_EQ(header.metadata.size(), 1u);
  FitHeader(&header, 5, size - 1);
  EXPECT_TRUE(header.metadata.empty());
}

TEST_P(FitHeaderIn, AMessageIsNeverCutInsideACharacter) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\xF0\x9F\x98\x88";
  for (size_t size_max = 30; size_max < 400; ++size_max) {
    wire::Header header = EndHeader(GetParam());
    header.message = text;
    FitHeader(&header, 0, size_max);
    EXPECT_TRUE(wire::IsValidUtf8(header.message));
    EXPECT_TRUE(header.message.empty() || wire::EncodedRecordSize(header, 0) <= size_max);
  }
}

TEST_P(FitHeaderIn, CharactersThatTakeManyBytesAreCutUntilTheyFit) {
  const std::string text(10'000, '\x01');  // six bytes each in JSON
  wire::Header header = EndHeader(GetParam());
  header.message = text;
  FitHeader(&header, 0, 5'000);
  EXPECT_LE(wire::EncodedRecordSize(header, 0), 5'000u);
  EXPECT_FALSE(header.message.empty());
}

}  // namespace
}  // namespace rpc::session
