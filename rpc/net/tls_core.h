// What all copies of a Tls share. For rpc/net; the public side is tls.h.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "rpc/net/tls.h"
#include "rpc/net/tls_context.h"

namespace rpc::net {

class Tls::Core {
 public:
  Core(TlsSide side, TlsOptions options, std::shared_ptr<TlsContext> context)
      : side_(side), options_(std::move(options)), context_(std::move(context)) {}

  TlsSide side() const { return side_; }
  const TlsOptions& options() const { return options_; }

  // What a connection that begins now uses.
  std::shared_ptr<TlsContext> context() const;
  absl::Status Reload();

  void CountResumed() { ++sessions_resumed_; }
  uint64_t sessions_resumed() const { return sessions_resumed_; }

 private:
  const TlsSide side_;
  const TlsOptions options_;
  std::mutex reload_mutex_;  // of two that reload, the later one wins
  mutable std::mutex mutex_;
  std::shared_ptr<TlsContext> context_;  // guarded by mutex_
  std::atomic<uint64_t> sessions_resumed_ = 0;
};

}  // namespace rpc::net
