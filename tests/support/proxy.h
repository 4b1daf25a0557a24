// Stands between the clients and the server of a test, on an address of its own, and lets their
// bytes through until it is told to be a bad network. For datagrams: datagram_proxy.h.
//
//     Proxy proxy(server.address());
//     Channel channel(proxy.address());
//     proxy.StopForwarding();                        // the cable is pulled, and nobody is told
//     proxy.Forward();                               // what was under way goes on
//     proxy.Delay(absl::Milliseconds(50));           // far away
//     proxy.CutEach(1'000, 100'000, seed);           // connections that never last
//
// What is told to it holds when the call returns. Where a direction can be named and is not, both
// are meant. Faults add up; what is picked at random is the same for the same seed, the same
// connections and the same bytes.
//
// Threads: any number may use it; a thread of its own moves the bytes. Lifetime: the destructor
// closes every connection.
#pragma once

#include <poll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "rpc/net/socket.h"
#include "rpc/net/socket_address.h"
#include "tests/support/flow.h"

namespace rpc {

class Proxy {
 public:
  enum Direction { kToServer, kToClient };

  // To a server at this address: tcp://, tls:// or unix:, with no name to be looked up. Clients
  // connect to `listen`, which is tcp:// or unix:.
  explicit Proxy(std::string_view server, std::string_view listen = "tcp://127.0.0.1:0");
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Where clients connect: unix: if it listens there, else tls:// if the server's is, else tcp://.
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
  // Each is closed after a random number of more bytes, from `min` to `max`, in either direction.
  void CutEach(uint64_t min, uint64_t max, uint64_t seed);
  // Bytes, and the end of a connection, arrive so much later.
  void Delay(absl::Duration delay);
  void Delay(Direction direction, absl::Duration delay);
  // So many bytes a second at most, for each connection.
  void Throttle(uint64_t bytes_per_s);
  void Throttle(Direction direction, uint64_t bytes_per_s);
  // Flips a bit of the byte that comes after so many more, in each connection.
  void CorruptAfter(Direction direction, uint64_t bytes);
  // Flips a bit in so much of all bytes: 1e-4 is one in 10,000.
  void Corrupt(double rate, uint64_t seed);
  void Corrupt(Direction direction, double rate, uint64_t seed);
  // From now on, and whatever Forward ends, only bodies of frames are corrupted, since a header is
  // not protected without TLS. REQUIRES: no connection yet, and no TLS.
  void CorruptBodiesOnly();

  // Of the connections that are open:

  // Closes them, both sides.
  void Close();
  // The receiver of this direction reads an end; the other direction goes on.
  void HalfClose(Direction direction);

  // Connections that are open; those that were closed, half closed or cut here; and bytes that have
  // passed, or were corrupted, over all that there were.
  size_t connections() const;
  uint64_t connections_cut() const;
  uint64_t bytes(Direction direction) const;
  uint64_t bytes_corrupted(Direction direction) const;

 private:
  struct Connection {
    Connection(net::Descriptor the_client, net::Descriptor the_server);
    bool IsOver() const;
    bool IsCut() const { return flows[kToServer].cut() || flows[kToClient].cut(); }

    net::Descriptor client;
    net::Descriptor server;
    std::array<Flow, 2> flows;  // by Direction
  };

  struct Sizes {
    uint64_t min = 0;
    uint64_t max = 0;
  };

  void Change(Direction direction, const std::function<void(Faults&)>& change);
  uint64_t Sum(Direction direction, uint64_t (Flow::*bytes)() const,
               const std::array<uint64_t, 2>& of_ended) const;
  void Reseed(uint64_t seed, const std::function<void(Connection&)>& draw);
  void DrawCuts(Connection* connection);

  bool Accepts() const;
  void Run();
  std::vector<pollfd> WhatToPoll(uint64_t now_us);
  int PollTimeoutMs(uint64_t now_us) const;
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
  std::optional<Sizes> cut_each_;
  std::mt19937_64 random_;
  std::list<Connection> connections_;
  std::array<uint64_t, 2> bytes_of_ended_ = {};
  std::array<uint64_t, 2> bytes_corrupted_of_ended_ = {};
  uint64_t ended_cut_ = 0;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace rpc
