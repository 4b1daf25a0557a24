#include "rpc/session/metadata.h"

#include <gtest/gtest.h>

namespace rpc::session {
namespace {

using List = std::vector<wire::Metadatum>;

TEST(Metadata, OfNoEntriesIsGood) { EXPECT_EQ(CheckMetadata({}), absl::OkStatus()); }

TEST(Metadata, HasAtMost128Entries) {
  EXPECT_EQ(CheckMetadata(List(128, {"k", "v"})), absl::OkStatus());
  EXPECT_EQ(CheckMetadata(List(129, {"k", "v"})),
            absl::InvalidArgumentError("metadata has 129 entries, but at most 128 are allowed"));
}

TEST(Metadata, AKeyHasFrom1To128Bytes) {
  EXPECT_TRUE(CheckMetadata(List{{std::string(128, 'k'), ""}}).ok());
  const std::string long_key(129, 'k');
  const absl::Status status = CheckMetadata(List{{long_key, ""}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("129 bytes, but must have from 1 to 128"), std::string::npos);
  EXPECT_LT(status.message().size(), 200u);  // the key is cut
  EXPECT_FALSE(CheckMetadata(List{{"", "v"}}).ok());
}

TEST(Metadata, AKeyHasExactlyTheseCharacters) {
  const std::string_view good = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  for (int c = 0; c < 256; ++c) {
    const std::string key = {'a', static_cast<char>(c), 'z'};
    EXPECT_EQ(CheckMetadata(List{{key, "v"}}).ok(), good.find(key[1]) != good.npos) << c;
  }
}

TEST(Metadata, AValueIsPrintableAscii) {
  for (int c = 0; c < 256; ++c) {
    const std::string value(1, static_cast<char>(c));
    EXPECT_EQ(CheckMetadata(List{{"key", value}}).ok(), c >= 0x20 && c <= 0x7E) << c;
  }
}

TEST(Metadata, AValueOfABinaryKeyIsAnything) {
  for (int c = 0; c < 256; ++c) {
    const std::string value(1, static_cast<char>(c));
    EXPECT_TRUE(CheckMetadata(List{{"key-bin", value}}).ok()) << c;
  }
  EXPECT_FALSE(CheckMetadata(List{{"key-binary", "\n"}}).ok());
  EXPECT_FALSE(CheckMetadata(List{{"key-bin.", "\n"}}).ok());
}

TEST(Metadata, AKeyOfOnlyTheSuffixIsBinary) {
  EXPECT_TRUE(CheckMetadata(List{{"-bin", "\xFF"}}).ok());
}

TEST(Metadata, TheEntryThatBreaksTheRuleIsNamed) {
  const absl::Status status = CheckMetadata(List{{"good", "v"}, {"bad key", "v"}});
  EXPECT_NE(status.message().find("\"bad key\""), std::string::npos);
}

}  // namespace
}  // namespace rpc::session
