// The health service as servers offer it; //services/inspection adds it with its siblings.
//
//     auto health = std::make_shared<health::HealthService>(&server);
//     server.Add(health);
//     health->Set("echo.Echo", false);            // from any thread, at any time
//     health->Set("database", true);              // not only services have a health
//
// A service is SERVING unless it was said not to be, or the server as a whole ("") was; when the
// server begins to shut down, nothing is any more.
//
// Threads: any number may use it. Lifetime: calls end before the server that it was added to; Set
// may come later.
#pragma once

#include <string>
#include <string_view>

#include "rpc/rpc.h"
#include "services/health/health.rpc.h"
#include "services/health/health_states.h"

namespace health {

class HealthService final : public Health::Service {
 public:
  explicit HealthService(const rpc::Server* server) : server_(server) {}

  // `package.Service`, or a name that the application makes up; empty for the server as a whole.
  void Set(std::string_view name, bool serving) { states_.Set(name, serving); }

  rpc::Task<> Check(rpc::ServerContext& context, const CheckRequest& request,
                    CheckReply& reply) override;
  rpc::Task<> Watch(rpc::ServerContext& context, const CheckRequest& request,
                    rpc::Writer<CheckReply>& out) override;
  rpc::Task<> List(rpc::ServerContext& context, const ListRequest& request,
                   ListReply& reply) override;

 private:
  absl::Status CheckKnown(const std::string& name) const;
  State StateOf(std::string_view name, bool shutting_down) const;

  const rpc::Server* const server_;
  HealthStates states_;
};

}  // namespace health
