// The stats service as servers offer it; //services/inspection adds it with its siblings.
//
//     server.Measure();
//     server.Add(std::make_shared<stats::StatsService>(&server));
//
// Threads: any number may call it. Lifetime: of the server that it was added to.
#pragma once

#include "rpc/rpc.h"
#include "services/stats/stats.rpc.h"

namespace stats {

class StatsService final : public Stats::Service {
 public:
  explicit StatsService(const rpc::Server* server) : server_(server) {}

  rpc::Task<> List(rpc::ServerContext& context, const ListRequest& request,
                   Snapshot& reply) override;
  rpc::Task<> Watch(rpc::ServerContext& context, const WatchRequest& request,
                    rpc::Writer<Snapshot>& out) override;

 private:
  const rpc::Server* const server_;
};

}  // namespace stats
