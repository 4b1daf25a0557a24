// Has a server tell what it serves, whether it is fit to be called, and what it has done: the
// services reflection, health and stats, which `rpc ls`, `describe`, `call`, `health`, `stats` and
// `top` ask.
//
//     rpc::Server server;
//     server.Add(std::make_shared<EchoService>());
//     auto health = inspection::AddTo(&server);
//     ...
//     health->Set("echo.Echo", false);                 // from any thread, at any time
//
// They are services like others: interceptors surround their calls, limits hold for them, and
// whoever can reach the server can ask. REQUIRES: before Start; the order of Add does not matter.
#pragma once

#include <memory>

#include "rpc/rpc.h"
#include "services/health/health_service.h"

namespace inspection {

// To say that a service is unwell; who has nothing to say ignores it.
std::shared_ptr<health::HealthService> AddTo(rpc::Server* server);

}  // namespace inspection
