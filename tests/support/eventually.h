// Waits in a test for what another thread, or another process, does.
//
//     ASSERT_TRUE(Eventually([&] { return server.counters().connections_open == 0; }));
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace rpc {

// Whether it is so before `timeout` is over. Asks again every millisecond.
bool Eventually(const std::function<bool()>& condition, absl::Duration timeout = absl::Seconds(10));

}  // namespace rpc
