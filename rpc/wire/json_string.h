// The strings of JSON: how a text is written between quotes, and read back.
//
// No state and no threads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rpc::wire {

// Appends `text` in double quotes to *out: on one line, escaping only what must be, and with U+FFFD
// in place of what is not UTF-8.
void AppendJsonString(std::string_view text, std::string* out);

// Appends to *out the text of the JSON string that begins at text[*position], a double quote, and
// moves *position behind its closing quote. At most as many bytes are appended as the position
// moves. False when it is no JSON string of valid UTF-8: *what then says why, and *position is
// where.
bool ReadJsonString(std::string_view text, size_t* position, std::string* out, std::string* what);

}  // namespace rpc::wire
