#include "services/reflection/reflection_service.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reflection {

const Catalog& ReflectionService::catalog() {
  std::call_once(made_, [this] { catalog_.emplace(*server_); });
  return *catalog_;
}

rpc::Task<> ReflectionService::List(rpc::ServerContext&, const ListRequest&, ListReply& reply) {
  reply = catalog().services();
  return absl::OkStatus();
}

rpc::Task<> ReflectionService::Find(rpc::ServerContext&, const FindRequest& request,
                                    FindReply& reply) {
  if (request.what_case() == FindRequest::WHAT_NOT_SET) {
    return absl::InvalidArgumentError("a request to Find names a symbol or a file; this has none");
  }
  absl::StatusOr<FindReply> found = request.has_file() ? catalog().FindFile(request.file())
                                                       : catalog().FindSymbol(request.symbol());
  if (!found.ok()) return found.status();
  reply = *std::move(found);
  return absl::OkStatus();
}

}  // namespace reflection
