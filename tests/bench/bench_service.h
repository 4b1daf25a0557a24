// The service of bench.proto. Threads: as every service.
#pragma once

#include "rpc/rpc.h"
#include "tests/bench/bench.rpc.h"

namespace bench {

class BenchService final : public Bench::Service {
 public:
  rpc::Task<> Echo(rpc::ServerContext& context, const Blob& request, Blob& reply) override;
  rpc::Task<> Produce(rpc::ServerContext& context, const ProduceRequest& request,
                      rpc::Writer<Blob>& out) override;
  rpc::Task<> Sleep(rpc::ServerContext& context, const SleepRequest& request, Blob& reply) override;
  rpc::Task<> Work(rpc::ServerContext& context, const WorkRequest& request, Blob& reply) override;
};

}  // namespace bench
