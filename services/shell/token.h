// The token that clients show: metadata `authorization: Bearer TOKEN`.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/rpc.h"

namespace shell {

// UNAUTHENTICATED, in the same words and after the same time, when there is none and when it is
// another.
absl::Status CheckToken(const rpc::Metadata& metadata, std::string_view token);

// What a client adds to its calls.
void AddToken(std::string_view token, rpc::Metadata* metadata);

// The first line of a file. The error names the file, and says why: INVALID_ARGUMENT.
absl::Status ReadToken(const std::string& file, std::string* token);

}  // namespace shell
