#include "rpc/net/connector.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/net/resolver.h"
#include "rpc/net/socket.h"
#include "rpc/net/socket_transport.h"
#include "rpc/net/tls_handshake.h"
#include "rpc/net/watch.h"

namespace rpc::net {
namespace {

// RFC 8305 calls it the connection attempt delay.
constexpr TimeUs kStaggerUs = 250'000;

// A port that nobody listens on can be picked as our own, and TCP then connects it to itself.
bool IsConnectedToItself(int fd) {
  const SocketAddress local = LocalAddress(fd);
  const SocketAddress peer = PeerAddress(fd);
  return local.family() != AF_UNIX && local.size == peer.size &&
         std::memcmp(&local.storage, &peer.storage, local.size) == 0;
}

// How connecting ended: 0, or the system's error.
int ConnectError(int fd) {
  int error_number = 0;
  socklen_t size = sizeof(error_number);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) return errno;
  if (error_number == 0 && IsConnectedToItself(fd)) return ECONNREFUSED;
  return error_number;
}

}  // namespace

// One address that is tried.
class Connector::Attempt final : private Watch::User {
 public:
  Attempt(State* state, std::string name, const SocketAddress& address)
      : state_(state), name_(std::move(name)), address_(address) {}

  // False when it failed at once.
  bool Begin(Loop* loop, const SocketOptions& options);
  void GiveUp() { watch_.reset(); }

  bool trying() const { return watch_.has_value(); }
  const std::string& name() const { return name_; }
  const std::string& outcome() const { return outcome_; }

 private:
  void OnEvents(int) override;

  State* state_;
  std::string name_;
  SocketAddress address_;
  std::optional<Watch> watch_;
  std::string outcome_ = "not tried";
};

class Connector::State {
 public:
  State(Loop* loop, const Address& address, const ConnectOptions& options, TimeUs timeout_us,
        Done done);
  State(Loop* loop, std::string name, TimeUs timeout_us, Done done);

  void Resolve();
  void TryEach(const std::vector<SocketAddress>& addresses);

  void OnConnected(Descriptor socket);
  void OnFailed(const Attempt* attempt);

 private:
  class Alarm final : public Timer {
   public:
    Alarm(State* state, void (State::*ring)()) : state_(state), ring_(ring) {}

   private:
    void OnTime() override { (state_->*ring_)(); }

    State* state_;
    void (State::*ring_)();
  };

  class Begin final : public Ready {
   public:
    explicit Begin(State* state) : state_(state) {}
    void Run() override { state_->TryNext(); }

   private:
    State* state_;
  };

  void OnResolved(absl::StatusOr<Resolver::Addresses> addresses);
  void OnHandshake(absl::StatusOr<std::unique_ptr<Transport>> result);
  void StopTrying();
  void OnTimeout();
  void TryNext();
  void FailIfNoneIsLeft();
  std::string Outcomes() const;
  // `this` may be gone then.
  void Finish(absl::StatusOr<std::unique_ptr<Transport>> result);

  Loop* loop_;
  Address address_;
  ConnectOptions options_;
  std::string name_;
  TimeUs timeout_us_;
  Done done_;
  std::optional<Resolver> resolver_;
  std::unique_ptr<TlsHandshake> handshake_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  size_t next_ = 0;  // of the attempts, to be begun
  Begin begin_{this};
  Alarm stagger_{this, &State::TryNext};
  Alarm timeout_{this, &State::OnTimeout};
};

bool Connector::Attempt::Begin(Loop* loop, const SocketOptions& options) {
  Descriptor socket = BeginConnect(address_, options, &outcome_);
  if (!socket) return false;
  outcome_ = "no answer";
  watch_.emplace(loop, std::move(socket), static_cast<Watch::User*>(this));
  watch_->Want(Watch::kWritable);
  return true;
}

void Connector::Attempt::OnEvents(int) {
  const int failure = watch_->failure();
  const int error_number = failure != 0 ? -failure : ConnectError(watch_->fd());
  Descriptor socket = watch_->Release();
  GiveUp();
  if (error_number == 0) return state_->OnConnected(std::move(socket));
  outcome_ = ConnectReason(error_number);
  state_->OnFailed(this);
}

Connector::State::State(Loop* loop, const Address& address, const ConnectOptions& options,
                        TimeUs timeout_us, Done done)
    : State(loop, ToString(address), timeout_us, std::move(done)) {
  address_ = address;
  options_ = options;
}

Connector::State::State(Loop* loop, std::string name, TimeUs timeout_us, Done done)
    : loop_(loop), name_(std::move(name)), timeout_us_(timeout_us), done_(std::move(done)) {
  const TimeUs now_us = loop->now_us();
  if (timeout_us < kNever - now_us) loop->SetTimer(&timeout_, now_us + timeout_us);
}

void Connector::State::Resolve() {
  resolver_.emplace(loop_, address_, [this](absl::StatusOr<Resolver::Addresses> addresses) {
    OnResolved(std::move(addresses));
  });
}

void Connector::State::TryEach(const std::vector<SocketAddress>& addresses) {
  for (const SocketAddress& address : addresses) {
    attempts_.push_back(
        std::make_unique<Attempt>(this, ToString(address, address_.scheme), address));
  }
  loop_->MakeReady(&begin_);
}

void Connector::State::OnResolved(absl::StatusOr<Resolver::Addresses> addresses) {
  if (addresses.ok()) return TryEach(*addresses);
  Finish(absl::Status(
      addresses.status().code(),
      absl::StrCat("cannot connect to ", name_, ": ", std::string(addresses.status().message()))));
}

void Connector::State::TryNext() {
  loop_->ClearTimer(&stagger_);
  while (next_ < attempts_.size()) {
    if (!attempts_[next_++]->Begin(loop_, options_.socket)) continue;
    if (next_ < attempts_.size()) loop_->SetTimer(&stagger_, loop_->now_us() + kStaggerUs);
    return;
  }
  FailIfNoneIsLeft();
}

void Connector::State::OnConnected(Descriptor socket) {
  std::unique_ptr<Transport> transport = NewSocketTransport(loop_, std::move(socket));
  if (!options_.tls.has_value()) return Finish(std::move(transport));
  StopTrying();
  handshake_ = TlsConnect(loop_, *options_.tls, address_.host, name_, std::move(transport),
                          [this](absl::StatusOr<std::unique_ptr<Transport>> result) {
                            OnHandshake(std::move(result));
                          });
}

void Connector::State::OnHandshake(absl::StatusOr<std::unique_ptr<Transport>> result) {
  if (result.ok()) return Finish(std::move(result));
  Finish(absl::UnavailableError(
      absl::StrCat("cannot connect to ", name_, ": ", std::string(result.status().message()))));
}

void Connector::State::OnFailed(const Attempt* attempt) {
  const bool last_begun = attempt == attempts_[next_ - 1].get();
  return last_begun ? TryNext() : FailIfNoneIsLeft();
}

void Connector::State::FailIfNoneIsLeft() {
  for (const auto& attempt : attempts_) {
    if (attempt->trying()) return;
  }
  Finish(absl::UnavailableError(absl::StrCat("cannot connect to ", name_, ": ", Outcomes())));
}

void Connector::State::OnTimeout() {
  Finish(absl::UnavailableError(absl::StrCat("cannot connect to ", name_, " within ",
                                             timeout_us_ / 1000, " ms: ", Outcomes())));
}

std::string Connector::State::Outcomes() const {
  if (attempts_.empty()) return "the name is not resolved yet";
  if (handshake_ != nullptr) return "the TLS handshake is not over";
  if (attempts_.size() == 1 && attempts_[0]->name() == name_) return attempts_[0]->outcome();
  std::string text;
  for (const auto& attempt : attempts_) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", attempt->name(), ": ", attempt->outcome());
  }
  return text;
}

void Connector::State::StopTrying() {
  loop_->ClearTimer(&stagger_);
  for (const auto& attempt : attempts_) attempt->GiveUp();
}

void Connector::State::Finish(absl::StatusOr<std::unique_ptr<Transport>> result) {
  StopTrying();
  loop_->ClearTimer(&timeout_);
  resolver_.reset();
  handshake_ = nullptr;
  const Done done = std::move(done_);
  done(std::move(result));
}

Connector::Connector(Loop* loop, const Address& address, const ConnectOptions& options,
                     TimeUs timeout_us, Done done)
    : state_(std::make_unique<State>(loop, address, options, timeout_us, std::move(done))) {
  state_->Resolve();
}

Connector::Connector(Loop* loop, std::string name, const std::vector<SocketAddress>& addresses,
                     TimeUs timeout_us, Done done)
    : state_(std::make_unique<State>(loop, std::move(name), timeout_us, std::move(done))) {
  state_->TryEach(addresses);
}

Connector::~Connector() = default;

}  // namespace rpc::net
