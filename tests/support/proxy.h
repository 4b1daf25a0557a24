// Stands between the clients and the server of a test, on a TCP address of its own, and lets their
// bytes through until it is told to be a bad network.
//
//     Proxy proxy(server.address());
//     Channel channel(proxy.address());
//     proxy.StopForwarding();  // the cable is pulled: nothing passes, and nobody is told
//     proxy.Forward();         // what was under way goes on
//
// What is told to it holds when the call returns. Where a direction can be named and is not, both
// are meant.
//
// Threads: any number may use it; a thread of its own moves the bytes. Lifetime: the destructor
// closes every connection.
#pragma once

#include <poll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rpc/net/socket.h"
#include "rpc/net/socket_address.h"
#include "tests/support/flow.h"

namespace rpc {

class Proxy {
 public:
  enum Direction { kToServer, kToClient };

  // To a server at this address: tcp://, tls:// or unix:, with no name to be looked up.
  explicit Proxy(std::string_view server);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Where clients connect: tls:// if the server's is, else tcp://.
  const std::string& address() const { return address_; }

  // Of the connections that are open, and of those to come:

  // A black hole: nothing is read nor written, and no end of a connection is passed on. With both
  // directions stopped, new connections wait in the system's queue.
  void StopForwarding();
  void StopForwarding(Direction direction);
  // Ends every fault.
  void Forward();
  // Each is closed after so many more bytes in this direction.
  void CutAfter(Direction direction, uint64_t bytes);

  // Of the connections that are open:

  // Closes them, both sides.
  void Close();
  // The receiver of this direction reads an end; the other direction goes on.
  void HalfClose(Direction direction);

  // Connections that are open, and bytes that have passed over all that there were.
  size_t connections() const;
  uint64_t bytes(Direction direction) const;

 private:
  struct Connection {
    Connection(net::Descriptor the_client, net::Descriptor the_server);
    bool IsOver() const;

    net::Descriptor client;
    net::Descriptor server;
    std::array<Flow, 2> flows;  // by Direction
  };

  bool Accepts() const;
  void Run();
  std::vector<pollfd> WhatToPoll();
  void AcceptOne();
  void MoveAll();
  void ForgetEnded();
  void Wake();

  net::SocketAddress server_;
  net::Descriptor listener_;
  std::string address_;
  net::Descriptor wake_;

  mutable std::mutex mutex_;  // guards what follows
  std::array<Faults, 2> faults_ = {};
  std::list<Connection> connections_;
  std::array<uint64_t, 2> bytes_of_ended_ = {};
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace rpc
