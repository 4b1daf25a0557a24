// The sessions that a client may resume.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "rpc/net/tls_openssl.h"

namespace rpc::net {

class TlsSessions {
 public:
  static constexpr size_t kServersMax = 256;
  static constexpr size_t kSessionsPerServerMax = 4;

  // The newest session with a server, or null. One of TLS 1.3 is given out once: whoever sees it
  // twice could tell that it is the same client.
  SslSession Take(const std::string& server);

  // The server that was not used for the longest makes room.
  void Put(const std::string& server, SslSession session);

  // Those with a server: one of them may be why a handshake has failed.
  void Forget(const std::string& server);

  size_t server_count();
  size_t session_count();

 private:
  struct Server {
    std::vector<SslSession> sessions = {};
    uint64_t used = 0;  // counts up with every use of the whole
  };

  void MakeRoom();

  std::mutex mutex_;
  std::map<std::string, Server> servers_;  // guarded by the mutex, as what follows
  uint64_t uses_ = 0;
};

}  // namespace rpc::net
