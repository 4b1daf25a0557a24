// One connection of a channel: its session, and the calls on it.
//
// Internal. Threads: belongs to its loop.
#pragma once

#include <memory>

#include "rpc/net/connection.h"
#include "rpc/net/loop.h"
#include "rpc/net/transport.h"
#include "rpc/runtime/client_carrier.h"
#include "rpc/session/client_session.h"

namespace rpc::runtime {

class ClientConnection final : public ClientCarrier, private net::Connection::Owner {
 public:
  ClientConnection(LoopChannel* channel, net::Loop* loop, const session::Limits& limits,
                   std::unique_ptr<net::Transport> transport);

  void Touch() override { connection_.Touch(); }
  bool has_room() const override {
    return accepts_calls() && session_.open_calls() < session_.calls_max();
  }
  bool accepts_calls() const override { return session_.accepts_calls(); }
  bool heard() const override { return session_.counters().frames_received > 0; }
  bool idle() const override { return session_.open_calls() == 0; }
  void Shutdown() override;

  absl::StatusOr<uint64_t> Open(const session::Opening& opening,
                                const session::Payload* request) override;
  session::ReadResult Read(uint64_t call, std::string_view* bytes) override;
  session::Sent Write(uint64_t call, const session::Payload& message) override;
  void CloseWriting(uint64_t call) override;
  void Cancel(uint64_t call) override;

 private:
  void OnEvent(const session::Event& event) override;
  void OnFlushed() override;
  void OnOver() override;
  // The session, in the present: what is asked of it goes out at the end of the turn.
  session::ClientSession& session();

  session::ClientSession session_;
  net::Connection connection_;
};

}  // namespace rpc::runtime
