// One connection of a server: its session, and the calls that came over it.
//
// Internal. Threads: belongs to its loop. It goes when the connection is over and every handler
// that it began has ended.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "rpc/net/connection.h"
#include "rpc/net/list.h"
#include "rpc/net/peer.h"
#include "rpc/net/transport.h"
#include "rpc/runtime/server_carrier.h"
#include "rpc/session/server_session.h"

namespace rpc::runtime {

class ServerConnection final : public net::ListNode,
                               public ServerCarrier,
                               private net::Connection::Owner {
 public:
  ServerConnection(ServerLoop* server, std::unique_ptr<net::Transport> transport,
                   const session::Limits& limits);

  void Drain();
  void CancelEveryCall(const absl::Status& why);
  // Ends it at once, and tells the client why.
  void Reject(const absl::Status& why, wire::Form form);
  // Closes the connection at once; its calls are cancelled.
  void Close(const absl::Status& why);

  ServerLoop* server() override { return server_; }
  std::shared_ptr<const net::Peer> FindPeer(uint64_t) override;
  void CallBegan(uint64_t call, void* tag) override;
  void CallEnded() override;
  session::ReadResult Read(uint64_t call, std::string_view* bytes) override;
  session::Sent Write(uint64_t call, const session::Payload& message) override;
  absl::Status SendMetadata(uint64_t call, std::span<const wire::Metadatum> metadata) override;
  bool End(uint64_t call, const absl::Status& status, const session::Payload* reply,
           std::span<const wire::Metadatum> trailing) override;
  void Refuse(uint64_t call, const absl::Status& status) override;

 private:
  void OnEvent(const session::Event& event) override;
  void OnFlushed() override;
  void OnOver() override;
  // The session, in the present: what is asked of it goes out at the end of the turn.
  session::ServerSession& session();
  void LeaveWhenDone();

  ServerLoop* server_;
  session::ServerSession session_;
  std::optional<net::Connection> connection_;  // none when it is over
  std::shared_ptr<const net::Peer> peer_;      // when it is over and calls are not
  uint32_t bodies_corrupted_ = 0;              // that the server's counters know of
  uint32_t calls_refused_ = 0;                 // the same
  uint32_t calls_ = 0;
};

}  // namespace rpc::runtime
