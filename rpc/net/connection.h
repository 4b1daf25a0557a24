// Moves bytes and time between a transport and a session: the only place where the two meet.
//
// In each turn of the loop that touches it: input goes in, events come out, and at the end of the
// turn all output leaves in one write; earlier, when there is a lot.
//
// Threads: belongs to its loop's thread. Lifetime: the session outlives it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "rpc/net/loop.h"
#include "rpc/net/transport.h"
#include "rpc/session/event.h"
#include "rpc/session/session.h"

namespace rpc::net {

class Connection final : private Transport::User, private Timer, private Flushable {
 public:
  class Owner {
   public:
    virtual void OnEvent(const session::Event& event) = 0;
    // At the end of each turn that touched it, before OnOver.
    virtual void OnFlushed() = 0;
    // The transport is gone, and every event has been told: the owner may destroy the connection
    // here. One that keeps it, because messages are still to be read, is told again whenever the
    // session was touched.
    virtual void OnOver() = 0;

   protected:
    ~Owner() = default;
  };

  Connection(Loop* loop, std::unique_ptr<Transport> transport, session::Session* session,
             Owner* owner);

  // Begins to read.
  void Start();

  // The other end. REQUIRES: kClosed has not been told.
  const std::shared_ptr<const Peer>& peer() const { return transport_->peer(); }

  // To be called before anything is asked of the session: brings it to the present, and has its
  // events told and its output written at the end of this turn.
  void Touch();

 private:
  std::span<char> Space() override;
  void OnInput(size_t size) override;
  void OnInputEnd(const absl::Status& why) override;
  void OnWritable() override { Touch(); }
  void OnTime() override { Touch(); }
  void Flush() override;

  void TellEvents();
  void WriteSome();
  void WriteOutput();
  void Settle();
  bool IsOver() const;
  void SetAlarm();

  Loop* loop_;
  std::unique_ptr<Transport> transport_;
  session::Session* session_;
  Owner* owner_;
  TimeUs linger_us_ = kNever;  // when an ended connection waits no longer
  bool reading_ = true;
  bool input_ended_ = false;
  bool writing_closed_ = false;
};

}  // namespace rpc::net
