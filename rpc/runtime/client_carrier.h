// What the calls of a channel go over: a connection, or a datagram socket.
//
// Internal. Threads: belongs to its loop. Calls are named by the id that Open gave. Lifetime: its
// line or channel destroys it, when it is over and every message that came by it has been read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/list.h"
#include "rpc/runtime/client_call.h"
#include "rpc/session/call.h"
#include "rpc/session/client_session.h"
#include "rpc/session/session.h"

namespace rpc::runtime {

class LoopChannel;

class ClientCarrier : public net::ListNode {
 public:
  virtual ~ClientCarrier() = default;

  // Brings it to the present: it may have died.
  virtual void Touch() = 0;
  // Whether a call can be opened on it now, and whether ever.
  virtual bool has_room() const = 0;
  virtual bool accepts_calls() const = 0;
  // Whether the server has said anything, where that can be known.
  virtual bool heard() const { return true; }

  // `request` is null when messages follow one by one.
  virtual absl::StatusOr<uint64_t> Open(const session::Opening& opening,
                                        const session::Payload* request) = 0;
  virtual session::ReadResult Read(uint64_t call, std::string_view* bytes) = 0;
  virtual session::Sent Write(uint64_t call, const session::Payload& message) = 0;
  virtual void CloseWriting(uint64_t call) = 0;
  virtual void Cancel(uint64_t call) = 0;

  // What may keep a call waiting for its answer, as the end of a sentence; mostly nothing.
  virtual std::string Trouble() const { return ""; }

  // Whether no call is open on it.
  virtual bool idle() const = 0;
  // Ends it when its output is written.
  virtual void Shutdown() = 0;

  // From now on it is for one call only, and closes after it.
  void SetSingleUse() { single_use_ = true; }
  void AddCall(ClientCall* call) { calls_.push_back(&call->place); }
  void OnCallEnded();

  // Ends all of its calls, now.
  void EndCalls(const absl::Status& why);

 protected:
  explicit ClientCarrier(LoopChannel* channel) : channel_(channel) {}

  LoopChannel* channel() { return channel_; }

 private:
  LoopChannel* channel_;
  net::List<ClientCall::Place> calls_;
  bool single_use_ = false;
};

}  // namespace rpc::runtime
