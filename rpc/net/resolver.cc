#include "rpc/net/resolver.h"

#include <netdb.h>
#include <uv.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rpc::net {
namespace {

using Result = absl::StatusOr<Resolver::Addresses>;

absl::Status ResolveError(const std::string& host, const char* reason) {
  return absl::UnavailableError(absl::StrCat("cannot resolve \"", host, "\": ", reason));
}

std::optional<Result> ResolveAtOnce(const Address& address) {
  if (address.scheme != Scheme::kUnix && address.host == "*") {
    return absl::InvalidArgumentError("`*` is to listen on, not to connect to");
  }
  if (address.scheme != Scheme::kUnix && address.port == 0) {
    return absl::InvalidArgumentError("port 0 is to listen on, not to connect to");
  }
  const std::optional<absl::StatusOr<SocketAddress>> known = AddressWithoutLookup(address);
  if (!known.has_value()) return std::nullopt;
  if (!known->ok()) return known->status();
  return Resolver::Addresses{**known};
}

}  // namespace

// Outlives a resolver that does not wait for it, and the loop too if that is a borrowed one.
struct Resolver::Request final : public Ready {
  uv_getaddrinfo_t lookup = {};
  Loop* loop = nullptr;
  Resolver* resolver = nullptr;  // null when nobody wants to know any more
  Address address = {};
  Done done = {};
  std::optional<Result> result = {};

  // Whether libuv will call OnLookup.
  bool BeginLookup();
  void Run() override;

  static void OnLookup(uv_getaddrinfo_t* lookup, int failed, addrinfo* found);
};

bool Resolver::Request::BeginLookup() {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  lookup.data = this;
  const int failed =
      uv_getaddrinfo(loop->uv(), &lookup, OnLookup, address.host.c_str(), nullptr, &hints);
  if (failed != 0) result = ResolveError(address.host, uv_strerror(failed));
  return failed == 0;
}

void Resolver::Request::OnLookup(uv_getaddrinfo_t* lookup, int failed, addrinfo* found) {
  auto* const request = static_cast<Request*>(lookup->data);
  const std::unique_ptr<addrinfo, decltype(&uv_freeaddrinfo)> owned(found, uv_freeaddrinfo);
  if (request->resolver == nullptr) {
    delete request;
    return;
  }
  Loop::Turn turn(request->loop);
  Addresses addresses = AddressesFound(found, request->address.port);
  if (failed == 0 && addresses.empty()) failed = UV_EAI_NODATA;
  if (failed != 0) {
    request->result = ResolveError(request->address.host, uv_strerror(failed));
  } else {
    request->result = std::move(addresses);
  }
  request->Run();
}

void Resolver::Request::Run() {
  const std::unique_ptr<Request> self(this);
  resolver->request_ = nullptr;
  done(*std::move(result));
}

Resolver::Resolver(Loop* loop, const Address& address, Done done) : request_(new Request) {
  request_->loop = loop;
  request_->resolver = this;
  request_->address = address;
  request_->done = std::move(done);
  request_->result = ResolveAtOnce(address);
  if (request_->result.has_value() || !request_->BeginLookup()) loop->MakeReady(request_);
}

Resolver::~Resolver() {
  if (request_ == nullptr) return;
  if (request_->result.has_value()) {
    delete request_;
    return;
  }
  request_->resolver = nullptr;
  request_->done = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&request_->lookup));
}

}  // namespace rpc::net
