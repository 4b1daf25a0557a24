// What a client's application does with one call: as its plan says.
#pragma once

#include <cstdint>

#include "rpc/session/event.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

class ClientConnection;

class ClientCall {
 public:
  ClientCall(World* world, Checker* checker, ClientConnection* connection, CallRecord* record);
  ClientCall(const ClientCall&) = delete;
  ClientCall& operator=(const ClientCall&) = delete;

  // REQUIRES: the connection is open.
  void Open();
  void OnEvent(const session::Event& event);

 private:
  bool over() const { return record_->ends > 0; }
  void OnOpened(uint64_t id);
  void WriteSome();
  void WriteLater();
  void WriteOne();
  void Close();
  void ReadSome();
  void ReadOneSlowly();
  bool ReadOne();
  void Cancel();
  void CheckDeadline();
  void After(TimeUs delay_us, void (ClientCall::*act)());
  const CallPlan& plan() const { return record_->plan; }

  World* world_;
  Checker* checker_;
  ClientConnection* connection_;
  CallRecord* record_;
  bool closed_ = false;
  bool gone_ = false;  // a write found that the call has ended
  bool waits_to_write_ = false;
  bool write_timer_ = false;
  bool read_timer_ = false;
};

}  // namespace rpc::simulation
