// A server that its clients should not have trusted: a listener on loopback that tells each of
// them what a test's script says, byte by byte, and counts what they say.
//
//     HostileServer server([](HostileConnection& client) {
//       if (client.AwaitCalls(1)) client.Send(hand::Hello() + hand::End(99, ""));
//     });
//     echo::Echo::Client echo{Channel(server.tcp())};
//     ...
//     EXPECT_EQ(server.seen().goaway_code, 3u);
//
// Where a script has ended the connection is read, and nothing more is said, until the client ends
// it.
//
// Threads: one accepts, and each connection has one of its own for its script. The destructor ends
// them all: nothing that a script can call lasts longer than the connection and the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "rpc/net/socket.h"
#include "rpc/wire/header.pb.h"

namespace rpc::attacks {

class HostileServer;

// One that was accepted. Of its thread.
class HostileConnection {
 public:
  HostileConnection(HostileServer* server, net::Descriptor socket);

  // All that follow return false when the connection has ended, by the client's half-close too.

  // Until the client has made so many calls over it in all.
  bool AwaitCalls(size_t count);
  // Their ids, in the order in which they came.
  const std::vector<uint64_t>& calls() const { return calls_; }

  // All of it, reading meanwhile.
  bool Send(std::string_view bytes);
  // One byte after each pause.
  bool SendSlowly(std::string_view bytes, absl::Duration pause);
  bool ReadFor(absl::Duration duration);
  // Reads nothing meanwhile; what has ended is not noticed.
  void RestFor(absl::Duration duration);

  void Close() { ended_ = true; }

 private:
  // Reads what is there.
  bool Read();
  void TakeFrames();
  void Take(const wire::HeaderRecord& header);
  // Until something can be done, for some milliseconds at most.
  void Wait(short events);

  HostileServer* server_;
  net::Descriptor socket_;
  bool ended_ = false;
  std::vector<uint64_t> calls_;
  std::string received_;  // from the first frame on that is not whole
};

class HostileServer {
 public:
  using Script = std::function<void(HostileConnection&)>;

  explicit HostileServer(Script script);
  ~HostileServer();
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;

  std::string tcp() const { return "tcp://127.0.0.1:" + std::to_string(port_); }
  std::string tls() const { return "tls://127.0.0.1:" + std::to_string(port_); }

  // Over all connections.
  struct Seen {
    uint64_t connections = 0;
    uint64_t scripts_ended = 0;
    uint64_t connections_ended = 0;
    uint64_t calls = 0;
    uint64_t cancels = 0;
    uint64_t pongs = 0;
    uint64_t goaways = 0;
    uint32_t goaway_code = 0;  // of the last
  };
  Seen seen() const;

 private:
  friend class HostileConnection;

  void Note(const std::function<void(Seen&)>& note);
  void Accept();
  void Serve(net::Descriptor socket);

  Script script_;
  net::Descriptor listener_;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // guards seen_
  Seen seen_;
  std::list<std::thread> connections_;  // of the thread that accepts, while there is one
  std::thread accepting_;
};

}  // namespace rpc::attacks
