// The echo service as servers offer it. Threads: it has no state; any number may call it.
#pragma once

#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace echo {

class EchoService final : public Echo::Service {
 public:
  rpc::Task<> Say(rpc::ServerContext& context, const SayRequest& request, SayReply& reply) override;
  rpc::Task<> Upper(rpc::ServerContext& context, const SayRequest& request,
                    SayReply& reply) override;
  rpc::Task<> Count(rpc::ServerContext& context, const CountRequest& request,
                    rpc::Writer<Number>& out) override;
  rpc::Task<> Sum(rpc::ServerContext& context, rpc::Reader<Number>& in, Total& reply) override;
  rpc::Task<> Chat(rpc::ServerContext& context, rpc::Stream<Line, Line>& stream) override;
  rpc::Task<> Sleep(rpc::ServerContext& context, const SleepRequest& request,
                    SayReply& reply) override;
  rpc::Task<> Fail(rpc::ServerContext& context, const FailRequest& request,
                   SayReply& reply) override;
};

}  // namespace echo
