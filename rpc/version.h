// Which uvrpc this is: what `rpc --version` and //services/stats say.
#pragma once

#include <string_view>

namespace rpc {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace rpc
