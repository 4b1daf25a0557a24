#include "examples/chat/command.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace chat {
namespace {

struct Entry {
  std::string_view word;
  Command::Kind kind;
  std::string_view takes;  // empty: no argument
};

constexpr auto kEntries = std::to_array<Entry>({
    {"/who", Command::Kind::kWho, ""},
    {"/rooms", Command::Kind::kRooms, ""},
    {"/join", Command::Kind::kJoin, "ROOM"},
    {"/name", Command::Kind::kName, "NAME"},
    {"/help", Command::Kind::kHelp, ""},
    {"/quit", Command::Kind::kQuit, ""},
});

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::string Stripped(std::string_view text) {
  return std::string(absl::StripAsciiWhitespace(View(text)));
}

Command Checked(const Entry& entry, const std::string& argument) {
  if (entry.takes.empty() == argument.empty()) return {entry.kind, argument};
  const std::string takes =
      entry.takes.empty() ? "takes nothing" : absl::StrCat("takes a ", View(entry.takes));
  return {Command::Kind::kMistake, absl::StrCat(View(entry.word), " ", takes)};
}

}  // namespace

Command ReadCommand(std::string_view line) {
  const std::string text = Stripped(line);
  if (text.empty()) return {};
  if (text.front() != '/') return {Command::Kind::kSay, std::string(line)};
  if (text.starts_with("//")) return {Command::Kind::kSay, text.substr(1)};
  const size_t end = std::min(text.size(), text.find(' '));
  const std::string word = text.substr(0, end);
  for (const Entry& entry : kEntries) {
    if (entry.word == word) return Checked(entry, Stripped(text.substr(end)));
  }
  return {Command::Kind::kMistake,
          absl::StrCat("there is no ", word, "; /help tells what there is, and //", text.substr(1),
                       " says it")};
}

std::string_view CommandsHelp() {
  return "/who        who is in the room\n"
         "/rooms      which rooms there are\n"
         "/join ROOM  leave this room for another\n"
         "/name NAME  be called so from now on\n"
         "/help       this\n"
         "/quit       leave, as Ctrl-D and Ctrl-C do\n"
         "//TEXT      say a text that begins with a slash\n";
}

}  // namespace chat
