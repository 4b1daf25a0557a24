// The reflection service as servers offer it; //services/inspection adds it with its siblings.
//
//     server.Add(std::make_shared<reflection::ReflectionService>(&server));
//
// Threads: any number may call it. Lifetime: of the server that it was added to.
#pragma once

#include <mutex>
#include <optional>

#include "rpc/rpc.h"
#include "services/reflection/catalog.h"
#include "services/reflection/reflection.rpc.h"

namespace reflection {

class ReflectionService final : public Reflection::Service {
 public:
  explicit ReflectionService(const rpc::Server* server) : server_(server) {}

  rpc::Task<> List(rpc::ServerContext& context, const ListRequest& request,
                   ListReply& reply) override;
  rpc::Task<> Find(rpc::ServerContext& context, const FindRequest& request,
                   FindReply& reply) override;

 private:
  // Made by the first call: by then the server has all of its services.
  const Catalog& catalog();

  const rpc::Server* const server_;
  std::once_flag made_;
  std::optional<Catalog> catalog_;
};

}  // namespace reflection
