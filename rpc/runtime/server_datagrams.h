// A server's datagram socket on one loop, and the calls that come by it.
//
// Internal. Threads: belongs to its loop. It goes when no handler runs that it began.
#pragma once

#include <cstdint>
#include <optional>

#include "rpc/net/datagram_socket.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket.h"
#include "rpc/runtime/server_carrier.h"
#include "rpc/session/datagram_server.h"

namespace rpc::runtime {

class ServerDatagrams final : public ServerCarrier,
                              private net::DatagramSocket::User,
                              private net::Timer,
                              private net::Flushable {
 public:
  ServerDatagrams(ServerLoop* server, net::Descriptor socket,
                  const session::DatagramLimits& limits);

  void Drain();
  void CancelEveryCall(const absl::Status& why);
  // Hears and says nothing any more.
  void Close();
  // What is there to be sent is sent, and then it closes. REQUIRES: idle()
  void CloseSoon();
  bool idle() const { return calls_ == 0; }

  ServerLoop* server() override { return server_; }
  std::shared_ptr<const net::Peer> FindPeer(uint64_t call) override;
  void CallBegan(uint64_t call, void* tag) override;
  void CallEnded() override;
  session::ReadResult Read(uint64_t call, std::string_view* bytes) override;
  session::Sent Write(uint64_t call, const session::Payload& message) override;
  absl::Status SendMetadata(uint64_t call, std::span<const wire::Metadatum> metadata) override;
  bool End(uint64_t call, const absl::Status& status, const session::Payload* reply,
           std::span<const wire::Metadatum> trailing) override;
  void Refuse(uint64_t call, const absl::Status& status) override;

 private:
  void OnDatagram(std::string_view source, std::string_view bytes) override;
  void OnError(int) override {}  // of a datagram that was sent long ago
  void OnTime() override { (void)session(); }
  void Flush() override;

  // In the present: what is asked of it goes out at the end of the turn.
  session::DatagramServer& session();
  void TellEvents();
  void CountSession();

  ServerLoop* server_;
  session::DatagramServer session_;
  std::optional<net::DatagramSocket> socket_;
  session::DatagramCounters counted_;  // what the server's counters know of
  size_t calls_ = 0;
  bool closing_ = false;
};

}  // namespace rpc::runtime
