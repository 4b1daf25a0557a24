#include "rpc/context.h"

#include "rpc/runtime/server_call.h"
#include "rpc/runtime/service_table.h"

namespace rpc {

std::string_view ServerContext::method() const { return call_->method().name; }

const Peer& ServerContext::peer() const { return call_->peer(); }

bool ServerContext::cancelled() const { return call_->cancelled(); }

runtime::ShutdownOperation ServerContext::Shutdown() { return {call_->server()}; }

runtime::Scope* ServerContext::scope() { return call_; }

absl::Duration ServerContext::time_left() const {
  if (deadline_us_ == net::kNever) return absl::InfiniteDuration();
  const net::TimeUs now_us = call_->loop()->now_us();
  return absl::Microseconds(deadline_us_ <= now_us ? 0 : deadline_us_ - now_us);
}

absl::Status ServerContext::SendMetadata(const Metadata& metadata) {
  return call_->SendMetadata(metadata);
}

}  // namespace rpc
