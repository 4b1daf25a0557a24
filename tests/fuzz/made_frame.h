// A frame as a hostile peer may send it, made of a fuzz target's choices: most are well-formed, so
// that what lies behind the md5 and the first checks is reached as well.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/fuzz/choices.h"

namespace rpc::session {

std::string MadeFrame(Choices& choices);

// Of one of a few sizes, from none to beyond a window; the same bytes for the same `start`.
std::string_view MadeBody(Choices& choices, size_t start = 0);

// Whether they can be such bytes; looks at few of them.
bool IsMadeBody(std::string_view body, size_t start);

}  // namespace rpc::session
