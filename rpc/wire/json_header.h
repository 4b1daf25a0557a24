// The header record as JSON, for clients written by hand in any language.
//
//     {"md5":"0cc175b9c0f1b6a831c399e269772661","name":"echo.Echo/Say","size":1}
//
// The names are those of header.proto; rpc/PROTOCOL.md lists how each value is written. A record is
// JSON when its first byte is '{'.
//
// No state and no threads: any two calls may run side by side.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/wire/header.h"

namespace rpc::wire {

// Reads `text` into *header. Unknown members are checked for form and ignored, and null is as good
// as absent; of a repeated member the last counts, as in protobuf, but a key that `metadata` has
// twice keeps both values. The strings of *header point into *storage, whose old content is lost;
// they are valid until *storage is changed, moved or destroyed. No more than text.size() bytes are
// stored.
//
// Fails with INVALID_ARGUMENT and a sentence (what is wrong, at which byte counted from 0, the
// value, the limit) when the text is no JSON object, nests too deep or a member has the wrong type;
// *header is then unspecified. An md5 that is not 32 lower-case hex digits is not such a failure:
// it reads as a view whose length is not 16, which no body satisfies. The numbers are not checked
// against kNumberMax; what does not fit 64 bits reads as 2^64-1, which is above it.
absl::Status DecodeJsonHeader(std::string_view text, std::string* storage, Header* header);

// Appends *header as one line of JSON, members in the order of their numbers, defaults left out.
// A CALL without LAST, MORE and BARE says `"last":false`, because an absent one would read as true.
// With an md5 of 16 bytes the record begins with `{"md5":"` and its digits. Metadata of one key
// stands together, so that a reader sees keys in the order of their first values. What is not UTF-8
// in a text is replaced by U+FFFD; flags without a name are not written.
void AppendJsonHeader(const Header& header, std::string* out);

// Where the digits of the md5 begin in what AppendJsonHeader wrote.
inline constexpr size_t kJsonMd5Offset = 8;

}  // namespace rpc::wire
