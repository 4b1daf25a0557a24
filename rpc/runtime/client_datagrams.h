// A channel's datagram socket, and the calls that go by it.
//
// Internal. Threads: belongs to its loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rpc/net/datagram_socket.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket_address.h"
#include "rpc/net/socket_options.h"
#include "rpc/runtime/client_carrier.h"
#include "rpc/session/datagram_client.h"

namespace rpc::runtime {

// Sends to one of the addresses at a time, and goes on to the next when the system says that nobody
// is there, or when no answer comes to several calls in a row. After the last it takes no more
// calls, so that its channel looks the name up again.
class ClientDatagrams final : public ClientCarrier,
                              private net::DatagramSocket::User,
                              private net::Timer,
                              private net::Flushable {
 public:
  ClientDatagrams(LoopChannel* channel, net::Loop* loop, const session::DatagramLimits& limits,
                  const net::SocketOptions& options, std::vector<net::SocketAddress> addresses);

  // Opens the socket. Fails when the system has none, or no way to any of the addresses.
  absl::Status Connect();

  void Touch() override { (void)session(); }
  bool has_room() const override { return accepts_calls(); }
  bool accepts_calls() const override { return !over_; }
  bool idle() const override { return session_.open_calls() == 0; }
  void Shutdown() override;

  absl::StatusOr<uint64_t> Open(const session::Opening& opening,
                                const session::Payload* request) override;
  session::ReadResult Read(uint64_t call, std::string_view* bytes) override;
  session::Sent Write(uint64_t call, const session::Payload& message) override;
  void CloseWriting(uint64_t) override {}
  void Cancel(uint64_t call) override;
  std::string Trouble() const override;

 private:
  void OnDatagram(std::string_view source, std::string_view bytes) override;
  void OnError(int error_number) override;
  void OnTime() override { Touch(); }
  void Flush() override;

  // In the present: what is asked of it goes out at the end of the turn.
  session::DatagramClient& session();
  void TellEvents();
  void LookForAnswers();
  void SetAlarm();

  net::Loop* loop_;
  net::SocketOptions options_;
  std::vector<net::SocketAddress> addresses_;
  size_t next_address_ = 0;
  session::DatagramClient session_;
  std::optional<net::DatagramSocket> socket_;  // from Connect on
  std::string name_;                           // of the address that it sends to
  std::string trouble_;                        // what the system said since the last answer
  bool try_next_ = false;                      // of the addresses
  int unanswered_ = 0;                         // calls in a row
  size_t silent_addresses_ = 0;                // in a row
  bool over_ = false;
};

}  // namespace rpc::runtime
