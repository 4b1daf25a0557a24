// Stands between the clients and the server of a test that speak in datagrams, on an address of its
// own, and is a bad network when it is told to.
//
//     DatagramProxy proxy(server.address(), seed);
//     Channel channel(proxy.address());
//     proxy.Set({.loss = 0.1, .duplicates = 0.1, .reordering = 0.1});
//     proxy.Set({});                                   // a good network again
//     EXPECT_GT(proxy.counts(DatagramProxy::kToServer).lost, 0);
//
// The server sees an address of the proxy for each client. What is picked at random is the same for
// the same seed, the same order of clients, and the same datagrams of each.
//
// Threads: any number may use it; a thread of its own moves the datagrams.
#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rpc/net/socket.h"
#include "rpc/net/socket_address.h"
#include "tests/support/datagram_flow.h"

namespace rpc {

class DatagramProxy {
 public:
  enum Direction { kToServer, kToClient };

  // To a server at udp://, with no name to be looked up.
  DatagramProxy(std::string_view server, uint64_t seed);
  ~DatagramProxy();
  DatagramProxy(const DatagramProxy&) = delete;
  DatagramProxy& operator=(const DatagramProxy&) = delete;

  // Where clients send to: udp://.
  const std::string& address() const { return address_; }

  // From now on, in place of what was; datagrams that are on their way are not touched. Loss of 1
  // is a black hole.
  void Set(const DatagramFaults& faults);
  void Set(Direction direction, const DatagramFaults& faults);

  // Forgets clients from which nothing has come for so long, with what was counted of them; one
  // that comes back is another one to the server. Without it sockets add up where clients come and
  // go.
  void ForgetSilent(uint64_t silence_us);

  // Over all clients.
  DatagramCounts counts(Direction direction) const;
  size_t clients() const;

 private:
  // One client, and the socket that stands for it before the server.
  struct Client {
    net::SocketAddress address = {};
    net::Descriptor server = {};
    std::array<DatagramFlow, 2> flows;  // by Direction
    uint64_t came_us = 0;               // the last of its datagrams
  };

  void Run();
  std::vector<pollfd> WhatToPoll() const;
  int PollTimeoutMs() const;
  void ReceiveFromClients();
  void ReceiveFromServer(Client* client);
  void Deliver(Client* client);
  Client* ClientAt(const net::SocketAddress& address);
  void Wake();

  net::SocketAddress server_;
  net::Descriptor socket_;
  std::string address_;
  net::Descriptor wake_;

  mutable std::mutex mutex_;  // guards what follows
  std::mt19937_64 random_;
  std::array<DatagramFaults, 2> faults_ = {};
  std::list<Client> clients_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace rpc
