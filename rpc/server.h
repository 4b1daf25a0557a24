// Serves services on addresses.
//
//     rpc::Server server;                             // or ({.threads = 2})
//     server.Add(std::make_unique<EchoService>());
//     if (absl::Status s = server.Listen("tcp://127.0.0.1:7000"); !s.ok()) return rpc::Fail(s);
//     return rpc::Exit(server.Run());                 // until SIGINT or SIGTERM
//
// Add, Use, Limit, Measure and Listen come first; then Run, or Start and Shutdown. Each thread has
// a loop and listeners of its own, and a connection stays on the loop that accepted it.
//
// Threads: one thread sets a server up; after that what is const, ReloadCertificates,
// StartShutdown, Shutdown, Wait and InProcess may be called by any. A server with a loop of the
// application's belongs to that thread. Lifetime: the destructor ends what is still open, and
// returns when every handler has ended.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/channel.h"
#include "rpc/counters.h"
#include "rpc/loop.h"
#include "rpc/service.h"
#include "rpc/session/datagram.h"
#include "rpc/session/limits.h"
#include "rpc/socket_options.h"
#include "rpc/statistics.h"
#include "rpc/tls.h"

namespace rpc {

struct ServerOptions {
  int threads = 1;

  // Serve on this loop, which the application turns, and not on threads.
  Loop* loop = nullptr;

  // Calls handled at once by the whole server, and how many more wait their turn; beyond that they
  // are refused (RESOURCE_EXHAUSTED, safe to repeat). 0: as many as come.
  size_t calls_max = 0;
  size_t calls_waiting_max = 1'000;

  // Connections at once on each loop; more are closed as they come. Over TLS they count from the
  // end of the handshake. 0: as many as come.
  size_t connections_max = 0;

  // A connection without a call for this long is closed; in the way that loses no call, as also
  // when it has become this old (a tenth more or less, so that not all go at once). A client
  // connects anew when it has a call. Zero: never, as is InfiniteDuration.
  absl::Duration idle_timeout = absl::InfiniteDuration();
  absl::Duration connection_age_max = absl::InfiniteDuration();

  // TLS handshakes: how long one may take, and how many are under way at once on each loop; then
  // the oldest gives way.
  absl::Duration handshake_timeout = absl::Seconds(10);
  size_t handshakes_max = 1'000;

  // Before a loop sleeps it looks for input without a pause for up to this long, when the last
  // input came as soon as that: a call that comes meanwhile is answered earlier, by what waking a
  // thread takes, and the core is busy for that time. For threads that have a core to themselves.
  // Zero: never.
  absl::Duration busy_poll = absl::ZeroDuration();

  // What Run gives open calls after a signal.
  absl::Duration drain_timeout = absl::Seconds(30);

  // Of each connection.
  session::Limits limits = {};
};

// Of one address that a server listens on.
struct ListenOptions {
  // For tls://, which needs it, and unix sockets. SIGHUP has its files read again (see Run).
  const Tls* tls = nullptr;
  // Clients without TLS come in too, on the same port.
  bool plain_allowed = false;

  SocketOptions socket = {};

  // For udp://.
  session::DatagramLimits datagrams = {};
};

static_assert(std::is_trivially_destructible_v<ListenOptions>);

class Server {
 public:
  explicit Server(const ServerOptions& options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves the methods of a service. A name that is served already ends the program, as Add and Use
  // do after Start: these are mistakes in it.
  void Add(std::shared_ptr<Service> service);

  // Puts a coroutine around every call; the first that was added is the outermost.
  void Use(Interceptor interceptor);

  // At most `calls_max` calls of one method (`package.Service/Method`) are handled at once, and
  // `waiting_max` more wait. NOT_FOUND when no service has it.
  absl::Status Limit(std::string_view method, size_t calls_max, size_t waiting_max = 1'000);

  // From Start on, notes what statistics() tells of methods and loops. A call costs one to two
  // hundred instructions more, and a method that is called 10 KiB on each loop.
  void Measure();

  // Takes the address now, to be served from Start on: `tcp://127.0.0.1:7000`, `tcp://*:0` (a port
  // that is free), `tls://*:7443`, `udp://*:7000`, `unix:///run/echo.sock`, `unix:@echo`. The error
  // names the address and the system's reason. FAILED_PRECONDITION after Start.
  absl::Status Listen(std::string_view address, const ListenOptions& options = {});

  // Reads the files of every certificate again, for connections from now on. An error says which
  // file could not be used; then the certificate that was there stays.
  absl::Status ReloadCertificates();

  // What it listens on, with the ports that were picked.
  std::vector<std::string> addresses() const;
  // `package.Service` of each service.
  std::vector<std::string> services() const;
  // Null when there is none of that name.
  const Service* FindService(std::string_view name) const;

  // Serves in the background. FAILED_PRECONDITION when it was started before.
  absl::Status Start();

  // Start; then waits for SIGINT or SIGTERM, and drains: no new connections and calls, those that
  // are open go on for drain_timeout. A second signal ends it at once. OK when every call could
  // end. With certificates SIGHUP reads them again, and stderr says how that went; without, it is
  // as SIGTERM, unless the program was started with it ignored.
  absl::Status Run();

  // From its return on, signals do to a started server what they do in Run.
  void ShutdownOnSignals();

  // Drains, as Run does, and cancels what is open after `timeout`. Returns at once; Wait waits.
  void StartShutdown(absl::Duration timeout);

  // Until a shutdown is complete. OK when every call could end, DEADLINE_EXCEEDED when some had to
  // be cancelled. FAILED_PRECONDITION on a loop of the server's own, which would wait for itself.
  absl::Status Wait();

  absl::Status Shutdown(absl::Duration timeout);

  // A channel to this server without sockets, through the same sessions. Starts the server.
  Channel InProcess(const ChannelOptions& options = {});

  // Whether a shutdown has begun.
  bool shutting_down() const;

  ServerCounters counters() const;
  // Every method of the server; with Measure what they have done, and one entry for each loop.
  ServerStatistics statistics() const;

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

// For main: prints the status to stderr when it is not OK; the exit code, 0 or 1.
int Exit(const absl::Status& status);
int Fail(const absl::Status& status);

}  // namespace rpc
