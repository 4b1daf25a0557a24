// One connection of an attacker, which never lets the server block it: what comes is counted and
// forgotten, but for the end of it.
//
//     Attacker attacker(server.tcp());
//     attacker.Send(hand::Hello());
//     while (!attacker.ended()) attacker.Send(pings);
//     EXPECT_LT(attacker.received_size(), 1000u);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "rpc/net/socket.h"

namespace rpc::attacks {

class Attacker {
 public:
  // Of tcp:// or tls://, as plain TCP. Connected, unless that failed: then it has ended.
  explicit Attacker(const std::string& address);

  // All of it, reading meanwhile. False: the server has ended the connection, or has taken nothing
  // for `timeout`.
  bool Send(std::string_view bytes, absl::Duration timeout = absl::Seconds(60));
  // As much as the system takes now, and reads nothing.
  size_t SendUnread(std::string_view bytes);

  // Reads one byte, if there is one.
  void ReadByte();
  // Reads what is there now. False when the connection has ended.
  bool Read();
  // Reads until the connection has ended, or `count` bytes have come in all.
  bool ReadUntilEnd(absl::Duration timeout = absl::Seconds(60));
  bool ReadUntil(uint64_t count, absl::Duration timeout = absl::Seconds(60));

  // Whether the connection is of use still: sends a call of echo.Echo/Upper with this id, and reads
  // until its reply has come. All that was sent before has been looked at then.
  bool IsServed(uint64_t call, absl::Duration timeout = absl::Seconds(60));

  bool ended() const { return ended_; }
  uint64_t received_size() const { return received_size_; }
  // The last bytes that came, at most some KiB.
  const std::string& last_received() const { return last_received_; }
  // The same; then it is empty.
  std::string TakeReceived() { return std::exchange(last_received_, std::string()); }

 private:
  // Until something can be done.
  bool Wait(short events, absl::Time end) const;

  net::Descriptor socket_;
  bool ended_ = false;
  uint64_t received_size_ = 0;
  std::string last_received_;
};

using Attackers = std::vector<Attacker>;

Attackers Connect(const std::string& address, int count);
// Reads from all. How many are there still.
int Remaining(Attackers& attackers);
// Whether all have been ended in time.
bool AllEnd(Attackers& attackers, absl::Duration timeout);

}  // namespace rpc::attacks
