#include "rpc/net/tls.h"

#include <utility>

#include "rpc/net/tls_context.h"
#include "rpc/net/tls_core.h"
#include "rpc/net/tls_link.h"
#include "rpc/net/tls_openssl.h"

namespace rpc::net {
namespace {

absl::StatusOr<std::shared_ptr<TlsContext>> NewContext(TlsSide side, const TlsOptions& options) {
  absl::StatusOr<std::shared_ptr<TlsContext>> context = ReadTlsContext(side, options);
  if (context.ok()) TlsLink::SetCallbacks((*context)->ssl.get());
  return context;
}

absl::StatusOr<std::shared_ptr<Tls::Core>> NewCore(TlsSide side, const TlsOptions& options) {
  InitOpenssl();
  const absl::Status checked = CheckTlsOptions(side, options);
  if (!checked.ok()) return checked;
  absl::StatusOr<std::shared_ptr<TlsContext>> context = NewContext(side, options);
  if (!context.ok()) return context.status();
  return std::make_shared<Tls::Core>(side, options, *std::move(context));
}

}  // namespace

absl::StatusOr<Tls> Tls::Server(const TlsOptions& options) {
  absl::StatusOr<std::shared_ptr<Core>> core = NewCore(TlsSide::kServer, options);
  if (!core.ok()) return core.status();
  return Tls(*std::move(core));
}

absl::StatusOr<Tls> Tls::Client(const TlsOptions& options) {
  absl::StatusOr<std::shared_ptr<Core>> core = NewCore(TlsSide::kClient, options);
  if (!core.ok()) return core.status();
  return Tls(*std::move(core));
}

absl::Status Tls::Reload() const { return core_->Reload(); }

bool Tls::md5_waived() const { return core_->options().md5_waived; }

bool Tls::is_client() const { return core_->side() == TlsSide::kClient; }

uint64_t Tls::sessions_resumed() const { return core_->sessions_resumed(); }

std::shared_ptr<TlsContext> Tls::Core::context() const {
  std::lock_guard lock(mutex_);
  return context_;
}

absl::Status Tls::Core::Reload() {
  std::lock_guard one_at_a_time(reload_mutex_);
  absl::StatusOr<std::shared_ptr<TlsContext>> context = NewContext(side_, options_);
  if (!context.ok()) return context.status();
  std::lock_guard lock(mutex_);
  context_ = *std::move(context);
  return absl::OkStatus();
}

}  // namespace rpc::net
