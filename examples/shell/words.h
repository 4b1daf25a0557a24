// A line as a person types it, taken apart into a command and its arguments: blanks separate words,
// 'single quotes' keep everything, "double quotes" all but \" and \\, and a backslash keeps the
// next character. Nothing else has a meaning, neither $variables nor *. Pipes and the like are
// refused, since who types them means them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace shell {

// INVALID_ARGUMENT for a quote that is not closed, a backslash at the end, and | < > & ; outside of
// quotes.
absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view line);

}  // namespace shell
