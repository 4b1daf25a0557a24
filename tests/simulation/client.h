// A client process: connects to servers, makes the calls that are planned for it, and connects
// again when a connection takes no more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "rpc/session/client_session.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/client_call.h"
#include "tests/simulation/endpoint.h"
#include "tests/simulation/server.h"

namespace rpc::simulation {

class ClientConnection final : public Endpoint {
 public:
  ClientConnection(World* world, const Clock* clock, Checker* checker, Link* link,
                   session::Buffers* buffers);

  // Null when the connection is gone.
  session::ClientSession* session() { return open() ? session_ : nullptr; }

  // REQUIRES: open()
  void Open(CallRecord* record);
  // Ends every call, and the connection.
  void Shutdown();

 private:
  void OnEvent(const session::Event& event) override;
  void CheckTurn() override;

  Checker* checker_;
  session::ClientSession* session_;
  std::deque<ClientCall> calls_;
};

class Client {
 public:
  // Makes the link of a new connection to a server, or null when that does not listen.
  using Connect = std::function<Link*(int server, bool hello)>;

  Client(World* world, Checker* checker, int number, Connect connect);

  // Makes the call now.
  void Start(CallRecord* record);

  void JumpClock();
  void PauseReading();
  void ShutDownOne();
  // For the end of a run.
  void ShutDownAll();

  bool all_closed() const;
  bool idle() const;

 private:
  ClientConnection* ConnectionFor(size_t place);

  World* world_;
  Checker* checker_;
  int number_;
  Connect connect_;
  Clock clock_;
  session::Buffers buffers_;
  std::deque<ClientConnection> connections_;
  std::vector<ClientConnection*> places_;  // those for new calls; null before the first
};

}  // namespace rpc::simulation
