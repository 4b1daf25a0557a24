// What generated stubs need: channels and the kinds of calls.
#pragma once

#include "rpc/call.h"     // IWYU pragma: export
#include "rpc/channel.h"  // IWYU pragma: export
#include "rpc/options.h"  // IWYU pragma: export
