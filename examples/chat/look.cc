#include "examples/chat/look.h"

#include <array>
#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/terminal/text.h"

namespace chat {
namespace {

// Those that can be read on black and on white.
constexpr auto kNameStyles = std::to_array<std::string_view>({"31", "32", "33", "34", "35", "36"});
constexpr std::string_view kBold = "1";
constexpr std::string_view kFaint = "2";

// The same in every terminal, and on each day.
std::string_view StyleOf(std::string_view name) {
  uint32_t hash = 2'166'136'261;
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(absl::ascii_tolower(static_cast<unsigned char>(c)))) *
           16'777'619;
  }
  return kNameStyles[hash % kNameStyles.size()];
}

std::string Described(const MemberEntry& member) {
  return absl::StrCat(member.name(), member.polls() ? " (by datagram)" : "");
}

}  // namespace

std::string Look::Of(const Event& event, std::string_view own) const {
  const std::string name = Name(event.name(), own);
  switch (event.kind()) {
    case Event::JOINED:
      return absl::StrCat(Time(event), OfNotice(event.name() + " joined"));
    case Event::LEFT:
      return absl::StrCat(Time(event), OfNotice(event.name() + " left"));
    case Event::RENAMED:
      return absl::StrCat(Time(event),
                          OfNotice(absl::StrCat(event.name(), " is now ", event.text())));
    default:
      return absl::StrCat(Time(event), name, ": ", terminal::Harmless(event.text()));
  }
}

std::string Look::Of(const Welcome& welcome, std::string_view room) const {
  std::vector<std::string> others;
  for (const MemberEntry& member : welcome.members()) others.push_back(Described(member));
  const std::string where = absl::StrCat("you are ", welcome.name(), " in ", std::string(room));
  if (others.empty()) return OfNotice(where + "; nobody else is here");
  return OfNotice(absl::StrCat(where, ", with ", absl::StrJoin(others, ", ")));
}

std::string Look::OfMissed(uint64_t count) const {
  return OfNotice(absl::StrCat("you missed ", count, count == 1 ? " line" : " lines",
                               ": more was said than is kept for who is slow"));
}

std::string Look::OfRefused(const Refused& refused) const {
  const uint32_t more = refused.count() - 1;
  return OfNotice(absl::StrCat("not taken: ", refused.reason(),
                               more > 0 ? absl::StrCat("; and ", more, " more") : ""));
}

std::string Look::OfMembers(std::string_view room, const std::vector<MemberEntry>& members) const {
  std::vector<std::string> names;
  for (const MemberEntry& member : members) names.push_back(Described(member));
  return OfNotice(
      absl::StrCat(names.size(), " in ", std::string(room), ": ", absl::StrJoin(names, ", ")));
}

std::string Look::OfRooms(const std::vector<RoomEntry>& rooms) const {
  std::vector<std::string> names;
  for (const RoomEntry& room : rooms) {
    names.push_back(absl::StrCat(room.name(), " (", room.members(), ")"));
  }
  return OfNotice(absl::StrCat(
      names.size(), names.size() == 1 ? " room: " : " rooms: ", absl::StrJoin(names, ", ")));
}

std::string Look::OfNotice(std::string_view text) const {
  return Styled(kFaint, "-- " + terminal::Harmless(text));
}

std::string Look::Name(std::string_view name, std::string_view own) const {
  return Styled(name == own ? kBold : StyleOf(name), terminal::Harmless(name));
}

std::string Look::Time(const Event& event) const {
  if (!has_times_) return "";
  const auto time_s = static_cast<time_t>(event.time_ms() / 1'000);
  tm local = {};
  localtime_r(&time_s, &local);
  std::array<char, 16> text = {};
  std::strftime(text.data(), text.size(), "%H:%M", &local);
  return Styled(kFaint, text.data()) + " ";
}

std::string Look::Styled(std::string_view style, const std::string& text) const {
  if (!is_coloured_) return text;
  return absl::StrCat("\x1b[", std::string(style), "m", text, "\x1b[m");
}

}  // namespace chat
