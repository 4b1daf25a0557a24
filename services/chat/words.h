// What names and texts may be made of, so that nobody's terminal is harmed by what another types.
//
// The server holds everybody to it. No state and no threads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace chat {

inline constexpr size_t kNameLengthMax = 24;  // characters

// A name of a member or a room: 1 to 24 characters, of letters, digits, `-`, `_` and `.`, and of
// what is visible beyond ASCII; of marks that combine, none at the beginning and at most 2 in a
// row. `what` begins the sentence: "the name", "the room's name".
absl::Status CheckName(std::string_view what, std::string_view name);

// Two names with the same key are the same name: ann and Ann. ASCII only.
std::string KeyOf(std::string_view name);

// What all get to see of a text: a blank in place of a tab, and U+FFFD for each character that
// could move a cursor, ring a bell, break a line or turn the direction of writing. An error when
// that has more than `size_max` bytes, or nothing that can be seen.
absl::StatusOr<std::string> ReadText(std::string_view text, size_t size_max);

}  // namespace chat
