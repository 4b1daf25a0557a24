// How what happens in a room looks.
#include "examples/chat/look.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chat {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

Event MakeEvent(Event::Kind kind, const std::string& name, const std::string& text = "") {
  Event event;
  event.set_kind(kind);
  event.set_name(name);
  event.set_text(text);
  return event;
}

TEST(Looks, PlainLines) {
  const Look look(false, false);
  EXPECT_EQ(look.Of(MakeEvent(Event::TEXT, "ann", "hello"), "bob"), "ann: hello");
  EXPECT_EQ(look.Of(MakeEvent(Event::JOINED, "ann"), "bob"), "-- ann joined");
  EXPECT_EQ(look.Of(MakeEvent(Event::LEFT, "ann"), "bob"), "-- ann left");
  EXPECT_EQ(look.Of(MakeEvent(Event::RENAMED, "ann", "anna"), "bob"), "-- ann is now anna");
  EXPECT_THAT(look.OfMissed(1), HasSubstr("missed 1 line:"));
  EXPECT_THAT(look.OfMissed(2), HasSubstr("missed 2 lines:"));
}

TEST(Looks, TimesComeFirst) {
  const Look look(false, true);
  EXPECT_THAT(look.Of(MakeEvent(Event::TEXT, "ann", "hello"), "bob"),
              MatchesRegex("[0-9][0-9]:[0-9][0-9] ann: hello"));
}

TEST(Looks, ANameHasOneColourAndOnesOwnIsBold) {
  const Look look(true, false);
  const std::string ann = look.Of(MakeEvent(Event::TEXT, "ann", "x"), "bob");
  EXPECT_THAT(ann, MatchesRegex("\x1b\\[3[1-6]mann\x1b\\[m: x"));
  EXPECT_EQ(look.Of(MakeEvent(Event::TEXT, "ann", "x"), "eve"), ann);
  EXPECT_EQ(look.Of(MakeEvent(Event::TEXT, "ann", "x"), "ann"), "\x1b[1mann\x1b[m: x");
}

// A server that is not ours may send anything.
TEST(Looks, OthersWordsCannotMoveTheCursor) {
  const Look look(false, false);
  const std::string bad = "\x1b[2J\r\n\a\xc2\x9b";
  Refused refused;
  refused.set_reason(bad);
  refused.set_count(3);
  Welcome welcome;
  welcome.set_name(bad);
  welcome.add_members()->set_name(bad);
  for (const std::string& line :
       {look.Of(MakeEvent(Event::TEXT, bad, bad), ""), look.Of(MakeEvent(Event::JOINED, bad), ""),
        look.Of(MakeEvent(Event::RENAMED, bad, bad), ""), look.OfRefused(refused),
        look.Of(welcome, bad), look.OfNotice(bad)}) {
    for (const char* harm : {"\x1b", "\r", "\n", "\a", "\xc2\x9b"}) {
      EXPECT_THAT(line, Not(HasSubstr(harm)));
    }
  }
  EXPECT_THAT(look.OfRefused(refused), HasSubstr("; and 2 more"));
}

}  // namespace
}  // namespace chat
