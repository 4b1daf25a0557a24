#include "services/cli/reflection_client.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace cli {
namespace {

absl::Status Explained(const absl::Status& status) {
  if (!absl::IsUnimplemented(status)) return status;
  return absl::UnimplementedError(
      "this server has no reflection, so it does not tell what it serves; call and bench take "
      "--proto=FILE");
}

}  // namespace

rpc::Task<absl::StatusOr<reflection::ListReply>> AskNames(const rpc::Channel& channel,
                                                          absl::Duration timeout) {
  const reflection::Reflection::Client client(channel);
  const reflection::ListRequest request;
  absl::StatusOr<reflection::ListReply> reply = co_await client.List(request, {.timeout = timeout});
  if (!reply.ok()) co_return Explained(reply.status());
  co_return std::move(reply);
}

rpc::Task<absl::Status> AskSymbol(const rpc::Channel& channel, std::string symbol, Schema* schema,
                                  absl::Duration timeout) {
  const reflection::Reflection::Client client(channel);
  reflection::FindRequest request;
  request.set_symbol(symbol);
  const absl::StatusOr<reflection::FindReply> reply =
      co_await client.Find(request, {.timeout = timeout});
  if (!reply.ok()) co_return Explained(reply.status());
  co_return schema->Add(*reply);
}

}  // namespace cli
