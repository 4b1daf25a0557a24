// Bytes written as text: hex and base64, as JSON needs them, and printable, as a person does.
//
// No state and no threads. Decoding may be done in place: `out` may be where the text begins.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rpc::wire {

// Lower-case digits, two for each byte.
void AppendHex(std::string_view bytes, std::string* out);

// Writes text.size() / 2 bytes to `out`. False unless `text` is pairs of lower-case hex digits.
bool DecodeHex(std::string_view text, char* out);

// The standard alphabet, padded.
void AppendBase64(std::string_view bytes, std::string* out);

// Writes at most text.size() * 3 / 4 bytes to `out` and their number to *size. Takes the standard
// alphabet and that of URLs, padded or not. Bits left over in the last digit are not looked at.
// False when `text` is no base64; `out` may have been written to.
bool DecodeBase64(std::string_view text, char* out, size_t* size);

// The beginning of a peer's text, for a sentence of ours: in one line, with \xNN for what can't be
// printed, and "..." behind it when it is longer than size_max bytes.
std::string Printable(std::string_view text, size_t size_max = 40);

}  // namespace rpc::wire
