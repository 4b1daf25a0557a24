// What a session tells its application, in words, for tests:
//
//     CALL 1 echo.Echo/Unary "hello"
//     MESSAGE 1
//     END 1 NOT_FOUND: no such user UNSEEN
//     CLOSED UNAVAILABLE: connection closed by the peer
#pragma once

#include <string>
#include <string_view>

#include "rpc/session/event.h"

namespace rpc::session {

std::string DescribeEvent(const Event& event);

// A body as itself, in quotes, when it is short and printable; else how long it is.
std::string ShownBody(std::string_view body);

}  // namespace rpc::session
