// What the clients of servers without calls send: the same bytes as a call of ours.
#pragma once

#include <cstddef>
#include <string>

#include "tests/bench/measure/load_options.h"

namespace bench {

// A whole frame, with md5 unless it is waived.
std::string RequestFrame(const LoadOptions& options);

// Sends it once, over a connection of its own, and counts what comes back until nothing more does.
size_t LearnReplySize(const LoadOptions& options, const std::string& request);

}  // namespace bench
