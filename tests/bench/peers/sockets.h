// Sockets for the addresses that every program here takes: tcp://127.0.0.1:PORT and unix:///PATH.
//
// What cannot be done ends the program, with a sentence. Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

// One of the two.
struct Address {
  std::string host = {};
  uint16_t port = 0;
  std::string path = {};

  bool is_unix() const { return !path.empty(); }
};

Address ReadAddress(const std::string& text);

// Listens. `address` becomes what was bound, with the port that was picked. An empty congestion is
// the system's default; what is accepted has that of its listener.
int ListenOn(std::string* address, const std::string& congestion);

// Connected, with TCP_NODELAY, and blocking.
int ConnectTo(const std::string& address, const std::string& congestion);

void SetNoDelay(int fd);
void SetNonBlocking(int fd);

[[noreturn]] void GiveUp(const std::string& what);

}  // namespace bench
