// Names of files: which ones a peer may say, and those of files that are not whole yet.
//
//     if (absl::Status s = CheckName(request.name()); !s.ok()) return s;
//     for (std::string_view part : absl::StrSplit(name, '/')) ...
//
// No state; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace files {

// What Linux takes for a path.
inline constexpr size_t kNameSizeMax = 4'095;
inline constexpr size_t kNamePartSizeMax = 255;
// So that a name cannot make thousands of folders.
inline constexpr size_t kNamePartsMax = 64;

// INVALID_ARGUMENT, with the reason, for a name that leads out of its folder or into none: absolute
// ones, `..`, `.`, empty parts, zero bytes, and names of files that are not whole; and for one that
// is beyond the limits above. An empty name, which is the folder itself, is fine.
absl::Status CheckName(std::string_view name);

// What a file is called, in its own folder, until it is whole: `.big.iso.0123456789abcdef.part`. A
// function of what is being copied, so that the next attempt finds what the last one left.
std::string PartName(std::string_view leaf, uint64_t size, int64_t mtime_ns);

// Whether a name, without a folder, is of that form.
bool IsPartName(std::string_view leaf);

// For sentences: in quotes, what cannot be printed or changes how text is laid out (C1 controls,
// those of direction) escaped, and cut when it is long.
std::string Quoted(std::string_view name);

}  // namespace files
