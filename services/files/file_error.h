// What went wrong with a file, as a status: `cannot write "a/b": no space left on device`.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace files {

// The code is the one that helps a caller: what is missing is NOT_FOUND, what is forbidden (or may
// not be written at all) PERMISSION_DENIED, a full disk or quota and too many open files
// RESOURCE_EXHAUSTED, a folder instead of a file FAILED_PRECONDITION, a name that the system does
// not take INVALID_ARGUMENT.
absl::Status FileError(int error_number, std::string_view verb, std::string_view name);

// The same for what errno says.
absl::Status FileError(std::string_view verb, std::string_view name);

// Whether nothing more can be written because the disk, or a quota, is full.
bool IsFull(int error_number);

}  // namespace files
