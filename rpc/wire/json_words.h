// The words that reader and writer of a JSON header share.
#pragma once

#include <string_view>

namespace rpc::wire {

// Kind and Encoding, each word at its number.
inline constexpr std::string_view kKindWords[] = {"call", "message", "end",    "cancel", "credit",
                                                  "ping", "pong",    "goaway", "hello"};
inline constexpr std::string_view kEncodingWords[] = {"identity", "zstd"};

// `session` is written with all its digits, leading zeros too.
inline constexpr size_t kSessionDigits = 16;

}  // namespace rpc::wire
