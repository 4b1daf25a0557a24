// A datagram socket on a loop: whole datagrams in and out, with whom they are from and for.
//
// Threads: the loop's thread.
#pragma once

#include <string>
#include <string_view>

#include "rpc/net/loop.h"
#include "rpc/net/socket.h"
#include "rpc/net/socket_address.h"
#include "rpc/net/watch.h"

namespace rpc::net {

class DatagramSocket final : private Watch::User {
 public:
  class User {
   public:
    // One datagram; `source` answers to Send, and is the same for the same sender. Both are views
    // until the return. It may destroy the socket.
    virtual void OnDatagram(std::string_view source, std::string_view bytes) = 0;
    // What the system says of a connected socket: that nobody listens there, for example.
    virtual void OnError(int error_number) = 0;

   protected:
    ~User() = default;
  };

  // REQUIRES: `socket` is bound or connected, and non-blocking.
  DatagramSocket(Loop* loop, Descriptor socket, User* user);
  ~DatagramSocket();

  // Sends, or drops what the system does not take now: datagrams may get lost anyway, and callers
  // repeat them. `destination` is empty on a connected socket. 0, or the system's error.
  int Send(std::string_view destination, std::string_view bytes);

 private:
  void OnEvents(int) override;
  void Receive(const bool& gone);

  User* user_;
  Watch watch_;
  bool* gone_ = nullptr;  // set when this is destroyed, if somebody wants to know
};

// The sender that a source stands for, as `udp://127.0.0.1:4711`.
std::string SourceText(std::string_view source);

}  // namespace rpc::net
