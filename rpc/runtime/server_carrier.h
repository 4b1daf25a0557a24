// What calls come over to a server, as their records see it: a connection, or a datagram socket.
//
// Internal. Threads: belongs to its loop. Calls are named by the number in their kCall event.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/net/peer.h"
#include "rpc/session/call.h"
#include "rpc/session/session.h"
#include "rpc/wire/header.h"

namespace rpc::runtime {

class ServerLoop;

class ServerCarrier {
 public:
  virtual ServerLoop* server() = 0;
  // Who made the call. REQUIRES: it has not ended.
  virtual std::shared_ptr<const net::Peer> FindPeer(uint64_t call) = 0;

  // A handler's record has been made for the call, and has let go of it.
  virtual void CallBegan(uint64_t call, void* tag) = 0;
  virtual void CallEnded() = 0;

  virtual session::ReadResult Read(uint64_t call, std::string_view* bytes) = 0;
  virtual session::Sent Write(uint64_t call, const session::Payload& message) = 0;
  virtual absl::Status SendMetadata(uint64_t call, std::span<const wire::Metadatum> metadata) = 0;
  // False where the client is told RESOURCE_EXHAUSTED instead.
  virtual bool End(uint64_t call, const absl::Status& status, const session::Payload* reply,
                   std::span<const wire::Metadatum> trailing) = 0;
  // Instead of End, for a call that no handler has seen.
  virtual void Refuse(uint64_t call, const absl::Status& status) = 0;

 protected:
  ~ServerCarrier() = default;
};

}  // namespace rpc::runtime
