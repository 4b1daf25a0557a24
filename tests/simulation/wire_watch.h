// Looks at every frame that the two sessions of one connection write, as they wrote it, and
// complains of what the protocol forbids: here is seen what a tolerant peer would pass over.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "rpc/wire/header.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

class WireWatch {
 public:
  WireWatch(World* world, std::string name, bool hello);

  void OnClientFrame(const wire::Header& header);
  void OnServerFrame(const wire::Header& header);

  // A header has been damaged: what the sessions write now may answer nonsense.
  void Stop() { stopped_ = true; }

  // Whether the END of a call has been written.
  bool ended(uint64_t call) const;

  // Bytes of messages, and of parts of them, that the client has written for a call.
  uint64_t request_bytes(uint64_t call) const;

  // Whether the server's HELLO has been written.
  bool server_greeted() const { return server_greeted_; }

 private:
  // What has been written of one call.
  struct Call {
    bool last = false;       // by the client
    bool cancelled = false;  // by the client
    bool client_assembles = false;
    bool reply_begun = false;
    bool server_assembles = false;
    bool ended = false;
    uint64_t request_bytes = 0;
    uint64_t request_size = 0;  // as credit counts it
    uint64_t reply_size = 0;
    uint64_t request_credit = 0;  // granted by the server, beyond the window
    uint64_t reply_credit = 0;
  };

  void Expect(bool holds, const wire::Header& header, const char* sentence);
  void OnCall(const wire::Header& header);
  void OnRequestPart(Call* call, const wire::Header& header);
  void OnReplyPart(Call* call, const wire::Header& header);
  void OnEnd(Call* call, const wire::Header& header);

  World* world_;
  std::string name_;
  bool hello_;
  bool stopped_ = false;
  bool server_greeted_ = false;
  uint64_t client_frames_ = 0;
  uint64_t server_frames_ = 0;
  uint64_t highest_ = 0;
  uint64_t goaway_call_ = UINT64_MAX;
  uint64_t pings_[2] = {0, 0};  // by the client, by the server
  uint64_t pongs_[2] = {0, 0};
  std::map<uint64_t, Call> calls_;
};

}  // namespace rpc::simulation
