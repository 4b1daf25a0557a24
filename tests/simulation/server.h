// A server process: takes connections, runs handlers, drains, dies and comes back.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "rpc/session/server_session.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/endpoint.h"
#include "tests/simulation/handler.h"

namespace rpc::simulation {

class ServerConnection final : public Endpoint {
 public:
  ServerConnection(World* world, const Clock* clock, Checker* checker, Link* link,
                   session::Buffers* buffers);

  // Null when the connection is gone.
  session::ServerSession* session() { return open() ? session_ : nullptr; }

  // Handlers that have not ended.
  size_t handlers_running() const { return handlers_running_; }

  void Drain();
  // The time to drain is over.
  void CancelEveryCall();

 private:
  friend class Handler;

  void OnEvent(const session::Event& event) override;
  void CheckTurn() override;
  void CheckMemoryCounted();
  void OnCall(const session::Event& event);
  void OnHandlerEnded() { --handlers_running_; }

  Checker* checker_;
  session::ServerSession* session_;
  std::deque<Handler> handlers_;
  size_t handlers_running_ = 0;
};

class Server {
 public:
  Server(World* world, Checker* checker, int number);

  // Whether a connection to it can be made.
  bool listening() const { return listening_; }
  // REQUIRES: listening()
  void Accept(Link* link);

  // What may happen to it, all of a sudden.
  void Drain();
  void Kill();
  void JumpClock();
  void PauseReading();

  // Handlers of living connections that have not ended.
  size_t handlers_running() const;
  bool all_closed() const;
  bool idle() const;

 private:
  void StartAgainLater();

  World* world_;
  Checker* checker_;
  int number_;
  Clock clock_;
  session::Buffers buffers_;
  std::deque<ServerConnection> connections_;
  bool listening_ = true;
};

}  // namespace rpc::simulation
