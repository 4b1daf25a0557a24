// All of it, for programs that call or serve. Generated headers include what they need of it.
#pragma once

#include "rpc/bell.h"                // IWYU pragma: export
#include "rpc/blocking.h"            // IWYU pragma: export
#include "rpc/call.h"                // IWYU pragma: export
#include "rpc/channel.h"             // IWYU pragma: export
#include "rpc/client_interceptor.h"  // IWYU pragma: export
#include "rpc/context.h"             // IWYU pragma: export
#include "rpc/histogram.h"           // IWYU pragma: export
#include "rpc/loop.h"                // IWYU pragma: export
#include "rpc/metadata.h"            // IWYU pragma: export
#include "rpc/options.h"             // IWYU pragma: export
#include "rpc/peer.h"                // IWYU pragma: export
#include "rpc/pollable.h"            // IWYU pragma: export
#include "rpc/process.h"             // IWYU pragma: export
#include "rpc/raw_message.h"         // IWYU pragma: export
#include "rpc/run.h"                 // IWYU pragma: export
#include "rpc/server.h"              // IWYU pragma: export
#include "rpc/service.h"             // IWYU pragma: export
#include "rpc/sleep.h"               // IWYU pragma: export
#include "rpc/socket_options.h"      // IWYU pragma: export
#include "rpc/statistics.h"          // IWYU pragma: export
#include "rpc/stream.h"              // IWYU pragma: export
#include "rpc/task.h"                // IWYU pragma: export
#include "rpc/tls.h"                 // IWYU pragma: export
#include "rpc/version.h"             // IWYU pragma: export
#include "rpc/when.h"                // IWYU pragma: export
