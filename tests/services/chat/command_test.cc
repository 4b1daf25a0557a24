// What a line that was typed means.
#include "examples/chat/command.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chat {
namespace {

using testing::HasSubstr;
using Kind = Command::Kind;

void ExpectRead(std::string_view line, Kind kind, std::string_view argument) {
  const Command command = ReadCommand(line);
  EXPECT_EQ(command.kind, kind) << line;
  EXPECT_EQ(command.argument, argument) << line;
}

TEST(Commands, TextIsSaidAsItIs) {
  ExpectRead("hello /who", Kind::kSay, "hello /who");
  ExpectRead("  two  blanks ", Kind::kSay, "  two  blanks ");
  ExpectRead("//who", Kind::kSay, "/who");
  ExpectRead("//", Kind::kSay, "/");
}

TEST(Commands, NothingIsNothing) {
  ExpectRead("", Kind::kNothing, "");
  ExpectRead(" \t ", Kind::kNothing, "");
}

TEST(Commands, AreReadWithTheirArguments) {
  ExpectRead("/who", Kind::kWho, "");
  ExpectRead(" /rooms ", Kind::kRooms, "");
  ExpectRead("/join  tea ", Kind::kJoin, "tea");
  ExpectRead("/name ann", Kind::kName, "ann");
  ExpectRead("/help", Kind::kHelp, "");
  ExpectRead("/quit", Kind::kQuit, "");
}

TEST(Commands, MistakesAreTold) {
  ExpectRead("/join", Kind::kMistake, "/join takes a ROOM");
  ExpectRead("/name ", Kind::kMistake, "/name takes a NAME");
  ExpectRead("/who is ann", Kind::kMistake, "/who takes nothing");
  ExpectRead("/", Kind::kMistake, "there is no /; /help tells what there is, and // says it");
  ExpectRead("/etc/passwd x", Kind::kMistake,
             "there is no /etc/passwd; /help tells what there is, and //etc/passwd x says it");
}

TEST(Commands, HelpNamesEach) {
  for (const char* word : {"/who", "/rooms", "/join ROOM", "/name NAME", "/help", "/quit"}) {
    EXPECT_THAT(std::string(CommandsHelp()), HasSubstr(word));
  }
}

}  // namespace
}  // namespace chat
