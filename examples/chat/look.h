// How what happens in a room looks: a line each. No IO.
//
// Names, texts and reasons are others' words: control characters in them are shown, not obeyed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/chat/chat.pb.h"

namespace chat {

class Look {
 public:
  // With colours, or plain; with the time of day before what was said, or without.
  Look(bool is_coloured, bool has_times) : is_coloured_(is_coloured), has_times_(has_times) {}

  // `own` is who looks: bold.
  std::string Of(const Event& event, std::string_view own) const;
  std::string Of(const Welcome& welcome, std::string_view room) const;
  std::string OfMissed(uint64_t count) const;
  std::string OfRefused(const Refused& refused) const;
  std::string OfMembers(std::string_view room, const std::vector<MemberEntry>& members) const;
  std::string OfRooms(const std::vector<RoomEntry>& rooms) const;
  // Of the program's own.
  std::string OfNotice(std::string_view text) const;

 private:
  std::string Name(std::string_view name, std::string_view own) const;
  std::string Time(const Event& event) const;
  // In this style, of SGR; plain where there are no colours.
  std::string Styled(std::string_view style, const std::string& text) const;

  const bool is_coloured_;
  const bool has_times_;
};

}  // namespace chat
