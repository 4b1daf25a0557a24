// Any bytes as the first of a connection, to a gate that tells TLS from plain: whoever stands at it
// is let in or turned away, once, and what it said is not lost.
//
// The first byte of the input says after how many bytes the visitor takes a breath.
#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "rpc/net/gate.h"
#include "rpc/net/loop.h"
#include "rpc/wire/foreign.h"
#include "tests/fuzz/choices.h"
#include "tests/net/tls_pair.h"

namespace {

using rpc::Choices;
using rpc::Require;
using rpc::net::Descriptor;
using rpc::net::Gate;
using rpc::net::Loop;
using rpc::net::Tls;
using rpc::net::TlsTestFiles;
using rpc::net::Transport;

constexpr size_t kPeekedSize = 5;

// Made once: a certificate costs more than a visit.
class Place final : private Gate::User {
 public:
  Place()
      : uv_(NewLoop()),
        loop_(uv_.get()),
        gate_(&loop_, *Tls::Server(TlsTestFiles::Get().Server()), {}, this) {
    // A loop on which nothing is to happen is not turned at all.
    constexpr uint64_t kHourMs = 3'600'000;
    uv_timer_init(uv_.get(), &heartbeat_);
    uv_timer_start(
        &heartbeat_, [](uv_timer_t*) {}, kHourMs, kHourMs);
  }

  // The visitor's end of a connection whose other end stands at the gate.
  Descriptor Visit() {
    int ends[2];
    Require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "no sockets");
    secure = plain = turned_away = 0;
    first_bytes.clear();
    loop_.Post([this, fd = ends[0]] { gate_.Enter(Descriptor(fd)); });
    Turn();
    return Descriptor(ends[1]);
  }

  void Turn() {
    for (int i = 0; i < 3; ++i) uv_run(uv_.get(), UV_RUN_NOWAIT);
  }

  // Whether there is nobody left at the gate, soon.
  bool Empties() {
    for (int i = 0; i < 100 && !gate_.empty(); ++i) uv_run(uv_.get(), UV_RUN_NOWAIT);
    return gate_.empty();
  }

  int secure = 0;
  int plain = 0;
  int turned_away = 0;
  std::string first_bytes;

 private:
  static std::unique_ptr<uv_loop_t> NewLoop() {
    auto uv = std::make_unique<uv_loop_t>();
    uv_loop_init(uv.get());
    return uv;
  }

  void OnSecure(std::unique_ptr<Transport>) override { ++secure; }
  void OnPlain(std::unique_ptr<Transport>, std::string_view bytes) override {
    ++plain;
    first_bytes = bytes;
  }
  void OnTurnedAway(const absl::Status& why) override {
    Require(!why.ok() && !why.message().empty(), "turned away without a word");
    ++turned_away;
  }

  std::unique_ptr<uv_loop_t> uv_;
  uv_timer_t heartbeat_;
  Loop loop_;
  Gate gate_;
};

void CheckForeign(std::string_view start) {
  if (start.empty() || start[0] == '\0') return;
  const std::string sentence = rpc::wire::DescribeForeign(start);
  Require(!sentence.empty() && sentence.size() < 1'000, "a stranger is described at great length");
  for (const char c : sentence) Require(absl::ascii_isprint(c), "a sentence that can't be printed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Place& place = *new Place();
  Choices choices(data, size);
  const size_t breath = 1 + choices.Byte();
  Descriptor visitor = place.Visit();
  std::string said;
  while (!choices.done()) {
    const std::string_view bytes = choices.Bytes(breath);
    if (send(visitor.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) break;
    said += bytes;
    place.Turn();
  }
  visitor = {};
  Require(place.Empties(), "a visitor who has gone stands at the gate for ever");
  Require(place.secure == 0, "let in as secure, without a handshake");
  Require(place.plain + place.turned_away == 1, "a visitor is not told of once");
  const bool tls = said.empty() || said[0] == '\x16';
  Require(place.plain == (tls ? 0 : 1), "TLS is taken for plain, or plain for TLS");
  const std::string_view start = std::string_view(said).substr(0, std::min(breath, kPeekedSize));
  if (!tls) Require(place.first_bytes == start, "the first bytes are others");
  CheckForeign(said);
  return 0;
}
