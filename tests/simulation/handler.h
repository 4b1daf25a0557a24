// What a server's application does with one call: as its plan says.
#pragma once

#include <cstdint>

#include "rpc/session/event.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

class ServerConnection;

class Handler {
 public:
  // `call` is null when a damaged header left nothing to know it by: it is answered at once.
  Handler(World* world, Checker* checker, ServerConnection* connection, CallRecord* call,
          uint64_t id);
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  void Begin(const session::Event& event);
  void OnEvent(const session::Event& event);

  // Bytes of messages that its session must hold for it, if all that was written has arrived.
  uint64_t unread_size() const;

 private:
  void Start();
  void ReadSome();
  void ReadOneSlowly();
  bool MustRead() const;
  bool ReadOne();
  void WriteSome();
  void WriteLater();
  void WriteOne();
  void SeeWhetherDone();
  void EndLater();
  void End();
  void OnCancelled(const session::Event& event);
  void CheckDeadline();
  void After(TimeUs delay_us, void (Handler::*act)());
  const CallPlan& plan() const { return call_->plan; }

  World* world_;
  Checker* checker_;
  ServerConnection* connection_;
  CallRecord* call_;
  uint64_t id_;
  TimeUs deadline_us_ = session::kNever;
  uint64_t bytes_read_ = 0;
  bool started_ = false;
  bool half_closed_ = false;
  bool read_timer_ = false;
  bool write_timer_ = false;
  bool waits_to_write_ = false;
  bool gone_ = false;  // a write found that the call is over
  bool cancelled_ = false;
  bool ending_ = false;
  bool ended_ = false;
};

}  // namespace rpc::simulation
