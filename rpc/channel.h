// The way to a server: what stubs make their calls over.
//
//     rpc::Channel channel("tcp://127.0.0.1:7000");
//     Echo::Client echo(channel);
//
// A channel connects when the first call is made, and again after a connection was lost: calls fail
// at once while that does not succeed, unless they wait for it. Between attempts it pauses, a
// little longer each time. A call that certainly no handler has seen is repeated, once.
//
// Threads: any number may use a channel and its copies, which are one. Each loop that calls are
// made on has connections of its own, so that a call made in a coroutine never changes loops.
// Calls of threads without a loop share one in the background, which is turned by a thread of its
// own, or meanwhile by one that waits for its call. So what runs there may find itself on another
// thread after an await: it holds no lock across one, and no variable of a thread. Use comes before
// the first call.
// Lifetime: calls and stubs hold on to what they need; the connections close when the last copy,
// stub and call are gone.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/client_interceptor.h"
#include "rpc/loop.h"
#include "rpc/session/datagram.h"
#include "rpc/session/limits.h"
#include "rpc/socket_options.h"
#include "rpc/task.h"
#include "rpc/tls.h"

namespace rpc {
namespace runtime {
class ChannelCore;
}

struct ChannelOptions {
  // Make every connection on this loop, which the application turns.
  Loop* loop = nullptr;

  // For unary calls whose options name no timeout. Streams have none then.
  absl::Duration default_timeout = absl::Seconds(10);

  // For one attempt to connect, with all the addresses of a name.
  absl::Duration connect_timeout = absl::Seconds(5);

  // The pause after a failed attempt: doubled each time, and a random part of it taken off. An
  // attempt has failed too when its connection ends before the server has said anything. (With
  // connection_per_call nothing pauses.)
  absl::Duration backoff_min = absl::Milliseconds(100);
  absl::Duration backoff_max = absl::Seconds(10);

  // Before the loop sleeps it looks for input for up to this long, as ServerOptions::busy_poll
  // says; of a loop's channels the one that asks for most decides.
  absl::Duration busy_poll = absl::ZeroDuration();

  // On each loop; calls go over them in turn.
  int connections = 1;

  // A connection of its own for each call, closed after it.
  bool connection_per_call = false;

  // As CallOptions::wait_for_ready, for every call.
  bool wait_for_ready = false;

  // Calls that wait for a connection, or because the server takes no more at once; one more is
  // refused (RESOURCE_EXHAUSTED).
  size_t calls_waiting_max = 100'000;

  // A connection without a call for this long is closed; the next call makes another. Zero: never,
  // as is InfiniteDuration. Datagram sockets stay.
  absl::Duration idle_timeout = absl::InfiniteDuration();

  // For tls://, and for unix sockets that speak it. Null with tls://: the server's certificate has
  // to come from a CA that the system trusts.
  const Tls* tls = nullptr;

  SocketOptions socket = {};

  // Of each connection; of each datagram socket, for udp://.
  session::Limits limits = {};
  session::DatagramLimits datagrams = {};
};

static_assert(std::is_trivially_destructible_v<ChannelOptions>);

enum class ChannelState : uint8_t {
  kIdle,  // no connection, and none is wanted
  kConnecting,
  kReady,
  kBackoff,  // pausing after an attempt that failed
};

// idle, connecting, ready, backoff
std::string_view StateName(ChannelState state);

class Channel {
 public:
  // An address that cannot be read fails every call, INVALID_ARGUMENT with the reason.
  explicit Channel(std::string_view address, const ChannelOptions& options = {});
  // For the framework.
  explicit Channel(std::shared_ptr<runtime::ChannelCore> core) : core_(std::move(core)) {}

  // Puts a coroutine around every call; the first that was added is the outermost.
  void Use(ClientInterceptor interceptor);

  // The best state of all its connections, just now.
  ChannelState state() const;

  // Connects if need be, and tries again as often as it takes. OK when a call could be sent; why
  // none could, when `timeout` has passed.
  Task<> Ready(absl::Duration timeout) const;
  // The same for plain threads.
  absl::Status WaitUntilReady(absl::Duration timeout) const;

  // For the framework.
  const std::shared_ptr<runtime::ChannelCore>& core() const { return core_; }

 private:
  std::shared_ptr<runtime::ChannelCore> core_;
};

}  // namespace rpc
