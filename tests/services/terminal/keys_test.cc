// Every key is the same whole, byte by byte, and with more behind it.
#include "services/terminal/keys.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace terminal {
namespace {

using Kind = Key::Kind;

struct Row {
  std::string_view bytes;
  Kind kind;
};

constexpr Row kKeys[] = {
    {"\r", Kind::kEnter},
    {"\n", Kind::kEnter},
    {"\x1bOM", Kind::kEnter},
    {"\x7f", Kind::kBackspace},
    {"\x08", Kind::kBackspace},
    {"\x1b[3~", Kind::kDelete},
    {"\x1b[D", Kind::kLeft},
    {"\x1bOD", Kind::kLeft},
    {"\x02", Kind::kLeft},
    {"\x1b[C", Kind::kRight},
    {"\x06", Kind::kRight},
    {"\x1b[A", Kind::kUp},
    {"\x10", Kind::kUp},
    {"\x1b[B", Kind::kDown},
    {"\x0e", Kind::kDown},
    {"\x1b[H", Kind::kHome},
    {"\x1b[1~", Kind::kHome},
    {"\x1b[7~", Kind::kHome},
    {"\x01", Kind::kHome},
    {"\x1bOF", Kind::kEnd},
    {"\x1b[4~", Kind::kEnd},
    {"\x1b[8~", Kind::kEnd},
    {"\x05", Kind::kEnd},
    {"\x1b[1;5D", Kind::kWordLeft},
    {"\x1b[1;3D", Kind::kWordLeft},
    {"\x1b"
     "b",
     Kind::kWordLeft},
    {"\x1b[1;2D", Kind::kLeft},
    {"\x1b[1;5C", Kind::kWordRight},
    {"\x1b"
     "f",
     Kind::kWordRight},
    {"\x03", Kind::kInterrupt},
    {"\x04", Kind::kEof},
    {"\x1a", Kind::kSuspend},
    {"\x1c", Kind::kQuit},
    {"\x0c", Kind::kClear},
    {"\x15", Kind::kKillLine},
    {"\x0b", Kind::kKillToEnd},
    {"\x17", Kind::kWordBack},
    {"\x1b\x7f", Kind::kWordBack},
    {"\t", Kind::kTab},
    {"\x1b[5~", Kind::kUnknown},
    {"\x1b[15;2~", Kind::kUnknown},
    {"\x1b[[A", Kind::kUnknown},
    {"\x1bOP", Kind::kUnknown},
    {"\x1bx", Kind::kUnknown},
    {"\x13", Kind::kUnknown},
    {"\x1b[<0;1;2M", Kind::kUnknown},
};

std::string Escaped(std::string_view bytes) { return testing::PrintToString(std::string(bytes)); }

// The keys, each as its text or, for another, the number of its kind in brackets.
std::string Shown(const std::vector<Key>& keys) {
  std::string shown;
  for (const Key& key : keys) {
    const std::string kind = "[" + std::to_string(static_cast<int>(key.kind)) + "]";
    shown += key.kind == Kind::kText ? key.text : kind;
  }
  return shown;
}

std::string FeedWhole(std::string_view bytes) { return Shown(KeyReader().Feed(bytes)); }

std::string FeedByteByByte(std::string_view bytes) {
  KeyReader keys;
  std::string shown;
  for (const char& byte : bytes) shown += Shown(keys.Feed(std::string_view(&byte, 1)));
  return shown;
}

std::string Number(Kind kind) { return "[" + std::to_string(static_cast<int>(kind)) + "]"; }

TEST(KeysTest, KeysAreKnown) {
  for (const Row& row : kKeys) {
    EXPECT_EQ(FeedWhole(row.bytes), Number(row.kind)) << Escaped(row.bytes);
    EXPECT_EQ(FeedByteByByte(row.bytes), Number(row.kind)) << Escaped(row.bytes);
  }
}

TEST(KeysTest, KeysEndWhereTheNextBegins) {
  for (const Row& row : kKeys) {
    const std::string around = "a" + std::string(row.bytes) + "日" + std::string(row.bytes);
    EXPECT_EQ(FeedWhole(around), "a" + Number(row.kind) + "日" + Number(row.kind))
        << Escaped(row.bytes);
  }
}

TEST(KeysTest, TextThatComesTogetherIsOneKey) {
  const std::vector<Key> keys = KeyReader().Feed("naïve 日本 😀");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].text, "naïve 日本 😀");
  EXPECT_EQ(FeedByteByByte("naïve 日本 😀"), "naïve 日本 😀");
}

TEST(KeysTest, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(FeedWhole("a\xFF"
                      "b"),
            "a\uFFFDb");
  EXPECT_EQ(FeedWhole("\xE2\x82x"), "\uFFFD\uFFFDx");
  EXPECT_EQ(FeedWhole("a\u009Bb"), "ab");
}

TEST(KeysTest, ACutCharacterWaitsForItsRest) {
  KeyReader keys;
  EXPECT_EQ(Shown(keys.Feed("x\xE6\x97")), "x");
  EXPECT_EQ(Shown(keys.Feed("\xA5y")), "日y");
}

TEST(KeysTest, AnEscapeBeforeAKeyIsNothing) {
  EXPECT_EQ(FeedWhole("\x1b\x1b[A"), Number(Kind::kUp));
  EXPECT_EQ(FeedByteByByte("\x1b\x1b[A"), Number(Kind::kUp));
}

TEST(KeysTest, ASequenceThatNeverEndsIsDropped) {
  EXPECT_EQ(FeedWhole("\x1b[" + std::string(100, '1')), std::string(68, '1'));
  EXPECT_EQ(FeedWhole("\x1b[12\rx"), Number(Kind::kEnter) + "x");
}

TEST(KeysTest, APasteIsText) {
  for (const auto feed : {FeedWhole, FeedByteByByte}) {
    EXPECT_EQ(feed("\x1b[200~ls -l\x1b[201~\r"), "ls -l" + Number(Kind::kEnter));
    EXPECT_EQ(feed("\x1b[200~a\r\nb\nc\rd\te\x1b[201~"), "a b c d e");
    EXPECT_EQ(feed("\x1b[200~\x03\x04x\x1b[A\x1b[201~"), "x[A");
    EXPECT_EQ(feed("\x1b[200~日本\x1b[201~!"), "日本!");
    EXPECT_EQ(feed("\x1b[200~\x1b[201~!"), "!");
  }
}

TEST(KeysTest, APasteMayBeLong) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(FeedWhole("\x1b[200~" + text + "\x1b[201~"), text);
}

}  // namespace
}  // namespace terminal
