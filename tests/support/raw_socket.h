// A blocking socket of a test that plays a client by hand: sends bytes as they are, and shows what
// comes back.
//
//     RawSocket client(RawSocket::Family::kTcp);
//     ASSERT_TRUE(client.Connect("tcp://127.0.0.1:7000"));
//     client.Send("GET / HTTP/1.1\r\n\r\n");
//     EXPECT_EQ(client.ReadUntilEnd(absl::Seconds(5)), "");
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "rpc/net/socket.h"

namespace rpc {

class RawSocket {
 public:
  // Takes the descriptor now, so that Connect needs none.
  enum class Family { kTcp, kUnix };
  explicit RawSocket(Family family);
  // One that is connected.
  explicit RawSocket(net::Descriptor socket) : socket_(std::move(socket)) {}

  // For an address of this socket's family, without a name to be looked up.
  bool Connect(std::string_view address);

  // All of them; false when the peer is gone.
  bool Send(std::string_view bytes);
  void CloseWriting();

  // Exactly so many bytes; fewer when the input ends or `timeout` passes before.
  std::string Read(size_t size, absl::Duration timeout = absl::Seconds(10));
  // What comes until the peer closes, or resets, the connection; nothing if it has not by then.
  std::optional<std::string> ReadUntilEnd(absl::Duration timeout);

 private:
  // Appends what is there; false when there is no more, or not in time.
  bool ReadSome(size_t size_max, absl::Time end, std::string* bytes);

  net::Descriptor socket_;
  bool ended_ = false;
};

}  // namespace rpc
