// Says what a connection speaks whose first bytes are no frame.
#pragma once

#include <string>
#include <string_view>

namespace rpc::wire {

// A sentence about `start`, the first bytes of a connection, at least one of them, the first of
// which is not zero: names TLS, HTTP and the like where it can, else shows the bytes.
std::string DescribeForeign(std::string_view start);

}  // namespace rpc::wire
