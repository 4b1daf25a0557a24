// UTF-8: is a text valid, and if not, make it so.
//
// Valid means what protobuf and RFC 3629 mean: shortest forms only, no surrogates, nothing above
// U+10FFFF. No state and no threads.
#pragma once

#include <string>
#include <string_view>

namespace rpc::wire {

bool IsValidUtf8(std::string_view text);

// Appends `text` to *out, with U+FFFD in place of each byte that belongs to no valid character.
void AppendAsUtf8(std::string_view text, std::string* out);

// The longest beginning of `text` that is at most `size_max` bytes and cuts no character.
std::string_view Utf8Prefix(std::string_view text, size_t size_max);

}  // namespace rpc::wire
