// Lets in who connects to a listener that has a certificate: tells TLS from plain by the first
// byte, and shakes hands. Who takes too long is turned away, and the oldest gives way when there
// are too many.
//
// Threads: the loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/net/list.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket.h"
#include "rpc/net/tls.h"
#include "rpc/net/transport.h"

namespace rpc::net {

class Gate {
 public:
  // Called within a turn; may not destroy the gate.
  class User {
   public:
    // Over TLS, after the handshake.
    virtual void OnSecure(std::unique_ptr<Transport> transport) = 0;
    // Not TLS. The first bytes, as far as they have come, are still to be read.
    virtual void OnPlain(std::unique_ptr<Transport> transport, std::string_view first_bytes) = 0;
    virtual void OnTurnedAway(const absl::Status& why) = 0;

   protected:
    ~User() = default;
  };

  struct Rules {
    TimeUs timeout_us = 10 * session::kSecondUs;
    size_t waiting_max = 1'000;  // at least 1
  };

  Gate(Loop* loop, const Tls& tls, const Rules& rules, User* user);
  // Closes on everybody who still waits.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void Enter(Descriptor socket);

  // Who is not in by then is turned away.
  void CloseAt(TimeUs at_us);
  // Whether nobody waits.
  bool empty() const { return waiting_ == 0; }

 private:
  class Visitor;

  void Leave(Visitor* visitor);
  void TurnAway(Visitor* visitor, const absl::Status& why);

  Loop* loop_;
  Tls tls_;
  Rules rules_;
  User* user_;
  List<Visitor> visitors_;  // the oldest first
  size_t waiting_ = 0;
};

}  // namespace rpc::net
