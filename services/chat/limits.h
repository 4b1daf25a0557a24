// How much of everything a chat service takes; README.md tells why.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "absl/time/time.h"

namespace chat {

struct Limits {
  size_t rooms_max = 256;            // and the lobby
  std::string_view lobby = "lobby";  // there is always a place for this one
  size_t members_max = 500;          // of one room
  size_t text_size_max = 800;        // bytes: with a name it fits a datagram of 1,200

  size_t history_size = 100;  // texts
  size_t ring_size = 512;     // events

  // Of one member: so many texts and new names at once, and so many a second in the long run.
  double burst = 10;
  double texts_per_s = 2;

  // A member over datagrams of whom nothing was heard for this long has left.
  absl::Duration absent_after = absl::Seconds(15);
  // A room in which nobody is keeps its history for this long, and is gone then.
  absl::Duration empty_room_kept = absl::Minutes(10);

  // What the lists in a reply may take, so that it fits a datagram.
  size_t reply_size_max = 1'000;
};

static_assert(std::is_trivially_destructible_v<Limits>);

// Tag and length of an entry in a reply's list: they count against reply_size_max.
inline constexpr size_t kEntryOverhead = 3;

}  // namespace chat
