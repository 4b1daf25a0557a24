// The process with the server of datagrams, and its handlers. It drains, is killed and comes back.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "rpc/session/datagram_server.h"
#include "tests/simulation/alarm.h"
#include "tests/simulation/datagram_call.h"
#include "tests/simulation/datagram_network.h"

namespace rpc::simulation {

class DatagramService {
 public:
  DatagramService(World* world, const DatagramScenario* scenario, DatagramNetwork* network,
                  DatagramBook* book);
  DatagramService(const DatagramService&) = delete;
  DatagramService& operator=(const DatagramService&) = delete;

  // Takes no new calls, lets those that run end for a while, and begins anew.
  void Drain();
  void Kill();
  // Is there from now on, and takes calls.
  void Heal();
  bool idle() const;

 private:
  // A handler that runs; `record` is null for a call that is none of the book's.
  struct Handler {
    DatagramRecord* record = nullptr;
    bool waits = false;
  };

  void Begin();
  void Leave();
  void OnDatagram(const std::string& source, std::string_view bytes);
  void OnCall(const session::Event& event);
  void EndLater(uint64_t call, TimeUs after_us);
  void End(uint64_t call);
  void EndAsPlanned(uint64_t call, const DatagramPlan& plan);
  void Turn();
  void CheckBounds();

  World* world_;
  const DatagramScenario* scenario_;
  DatagramNetwork* network_;
  DatagramBook* book_;
  Clock clock_;
  int life_ = 0;
  uint64_t turns_ = 0;
  std::unique_ptr<session::DatagramServer> server_;  // null while it is down
  std::map<uint64_t, Handler> handlers_;
  Alarm alarm_;
};

}  // namespace rpc::simulation
