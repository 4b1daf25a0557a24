// What a socket is told before it is used: the system's own settings, for listeners and channels.
// As they are, they suit most; each says when to change it.
#pragma once

#include <cstddef>
#include <type_traits>

#include "absl/time/time.h"

namespace rpc::net {

struct SocketOptions {
  // TCP: what is written leaves at once (TCP_NODELAY). A turn's output is one write, so there is
  // nothing that the system should wait for.
  bool no_delay = true;

  // Bytes that the system holds in each direction (SO_SNDBUF, SO_RCVBUF). 0: it decides, and adapts
  // TCP's to the path. For UDP a larger receive buffer rides out bursts.
  int send_buffer_size = 0;
  int receive_buffer_size = 0;

  // TCP: the system's probes on a silent connection (SO_KEEPALIVE), from this silence on, this far
  // apart, given up after so many. 0: none. Sessions have PINGs of their own
  // (session::Limits::keepalive_idle_us); these are for clients that send no HELLO, and for
  // middleboxes that forget idle connections.
  absl::Duration keepalive_idle = absl::ZeroDuration();
  absl::Duration keepalive_interval = absl::Seconds(15);
  int keepalive_count = 4;

  // TCP: how long written bytes may stay unacknowledged before the connection fails
  // (TCP_USER_TIMEOUT). 0: the system decides, some 15 minutes.
  absl::Duration user_timeout = absl::ZeroDuration();

  // TCP: the algorithm of congestion control (TCP_CONGESTION), such as "cubic" or "bbr", of those
  // in /proc/sys/net/ipv4/tcp_available_congestion_control. Null: the system's default. What it
  // points to outlives the channel.
  const char* congestion = nullptr;

  // Listeners: connections that the system holds until they are accepted; it has a limit of its own
  // (net.core.somaxconn).
  int backlog = 4096;

  // Listeners of unix:///PATH: the permission bits of the socket's file, such as 0660. Who may
  // write to it may connect. -1: as the process's umask has it.
  int unix_permissions = -1;
};

static_assert(std::is_trivially_destructible_v<SocketOptions>);

}  // namespace rpc::net
