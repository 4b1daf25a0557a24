// A process with a client of datagrams: opens calls, gives some of them up, dies now and then and
// comes back with a new session at the same address.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "rpc/session/datagram_client.h"
#include "tests/simulation/alarm.h"
#include "tests/simulation/datagram_call.h"
#include "tests/simulation/datagram_network.h"

namespace rpc::simulation {

class DatagramCaller {
 public:
  DatagramCaller(World* world, const DatagramScenario* scenario, DatagramNetwork* network,
                 DatagramBook* book, int number);
  DatagramCaller(const DatagramCaller&) = delete;
  DatagramCaller& operator=(const DatagramCaller&) = delete;

  const std::string& address() const { return address_; }
  void Start(DatagramRecord* call);
  // The process dies with its calls, and begins anew.
  void Restart();
  bool idle() const;

 private:
  void OnDatagram(const std::string& source, std::string_view bytes);
  void GiveUp(DatagramRecord* call);
  void Turn();

  World* world_;
  const DatagramScenario* scenario_;
  DatagramNetwork* network_;
  DatagramBook* book_;
  std::string address_;
  Clock clock_;
  uint64_t session_ = 0;
  std::unique_ptr<session::DatagramClient> client_;
  std::map<uint64_t, DatagramRecord*> open_;  // by id
  Alarm alarm_;
};

}  // namespace rpc::simulation
