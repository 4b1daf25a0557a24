// A frame in words, for logs and for tests that fail:
//
//     CALL 3 echo.Echo/Say 12 bytes LAST timeout 50ms
//     END 3 NOT_FOUND "no such user" BARE
//     CREDIT 3 +65536
#pragma once

#include <string>
#include <string_view>

#include "rpc/wire/header.h"

namespace rpc::wire {

std::string DescribeFrame(const Header& header);

// "CALL"; what is not known is "KIND 64".
std::string KindName(Kind kind);

}  // namespace rpc::wire
