#include "rpc/net/gate.h"

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/net/socket_transport.h"
#include "rpc/net/tls_handshake.h"
#include "rpc/net/watch.h"

namespace rpc::net {
namespace {

// Of a TLS record that carries a handshake. A frame begins with 0.
constexpr char kTlsFirstByte = 0x16;

// A frame's length, and the byte that tells which form its header has.
constexpr size_t kPeekedSize = 5;

}  // namespace

// One connection on its way in.
class Gate::Visitor final : public ListNode, private Watch::User, private Timer {
 public:
  Visitor(Gate* gate, Descriptor socket) : gate_(gate) {
    watch_.emplace(gate->loop_, std::move(socket), static_cast<Watch::User*>(this));
    watch_->Want(Watch::kReadable);
    EndAt(session::After(gate->loop_->now_us(), gate->rules_.timeout_us));
  }

  void EndAt(TimeUs at_us) {
    if (deadline_place == session::kNoPlace || at_us < deadline_us) {
      gate_->loop_->SetTimer(this, at_us);
    }
  }

 private:
  void OnEvents(int) override {
    char first_bytes[kPeekedSize];
    const ssize_t result = recv(watch_->fd(), first_bytes, sizeof(first_bytes), MSG_PEEK);
    if (result < 0) {
      const int error_number = errno;
      if (error_number == EAGAIN || error_number == EINTR) return;
      return gate_->TurnAway(
          this, ConnectionError(error_number, ToString(PeerAddress(watch_->fd()), Scheme::kTls)));
    }
    if (result == 0) {
      return gate_->TurnAway(this, absl::UnavailableError("closed before the TLS handshake"));
    }
    auto transport = NewSocketTransport(gate_->loop_, watch_->Release());
    watch_.reset();
    if (first_bytes[0] == kTlsFirstByte) return ShakeHands(std::move(transport));
    Gate* const gate = gate_;
    gate->Leave(this);
    gate->user_->OnPlain(std::move(transport), {first_bytes, static_cast<size_t>(result)});
  }

  void ShakeHands(std::unique_ptr<Transport> transport) {
    handshake_ = TlsAccept(gate_->loop_, gate_->tls_, std::move(transport),
                           [this](absl::StatusOr<std::unique_ptr<Transport>> result) {
                             OnHandshake(std::move(result));
                           });
  }

  void OnHandshake(absl::StatusOr<std::unique_ptr<Transport>> result) {
    Gate* const gate = gate_;
    if (!result.ok()) return gate->TurnAway(this, result.status());
    gate->Leave(this);
    gate->user_->OnSecure(*std::move(result));
  }

  void OnTime() override {
    const absl::Duration timeout = absl::Microseconds(gate_->rules_.timeout_us);
    gate_->TurnAway(this, absl::UnavailableError(absl::StrCat("no TLS handshake within ",
                                                              absl::FormatDuration(timeout))));
  }

  Gate* gate_;
  std::optional<Watch> watch_;  // until the first byte has come
  std::unique_ptr<TlsHandshake> handshake_;
};

Gate::Gate(Loop* loop, const Tls& tls, const Rules& rules, User* user)
    : loop_(loop), tls_(tls), rules_(rules), user_(user) {}

Gate::~Gate() {
  while (Visitor* visitor = visitors_.pop_front()) delete visitor;
}

void Gate::Enter(Descriptor socket) {
  if (waiting_ >= rules_.waiting_max) {
    TurnAway(visitors_.front(), absl::ResourceExhaustedError(absl::StrCat(
                                    waiting_, " TLS handshakes are under way, and at most ",
                                    rules_.waiting_max, " may be: the oldest gives way")));
  }
  visitors_.push_back(new Visitor(this, std::move(socket)));
  ++waiting_;
}

void Gate::CloseAt(TimeUs at_us) {
  for (Visitor* v = visitors_.front(); v != nullptr; v = visitors_.next(v)) v->EndAt(at_us);
}

void Gate::Leave(Visitor* visitor) {
  --waiting_;
  delete visitor;
}

void Gate::TurnAway(Visitor* visitor, const absl::Status& why) {
  Leave(visitor);
  user_->OnTurnedAway(why);
}

}  // namespace rpc::net
