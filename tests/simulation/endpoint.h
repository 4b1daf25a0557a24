// One end of a connection: does for a session what the network layer does, in turns of its loop.
// Reads what has arrived, tells the events, writes what is to be written, keeps the timer, and ends
// the connection as the session wants.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rpc/session/session.h"
#include "tests/simulation/link.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

class Endpoint {
 public:
  Endpoint(World* world, const Clock* clock, Link* link, Pipe* in, Pipe* out);
  virtual ~Endpoint() = default;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Lets the application act on the session: brings its clock up to date and has a turn soon.
  // False when the connection is gone.
  bool BeginAct();

  // A turn of the loop, now or a little later.
  void Wake();

  // The socket is left unread until then.
  void PauseReading(TimeUs duration_us);

  // The process dies: whatever was going on is gone.
  void Kill();

  // Whether there is a session; when not, the connection is closed.
  bool open() const { return session_ != nullptr; }
  Link& link() { return *link_; }
  TimeUs now_us() const { return clock_->now_us(); }

  // Whether nothing is left of any call.
  bool idle() const;

 protected:
  // REQUIRES: not open
  void Begin(std::unique_ptr<session::Session> session);

  World* world() { return world_; }

  virtual void OnEvent(const session::Event& event) = 0;
  // After each turn, with the session in a settled state.
  virtual void CheckTurn() = 0;
  virtual void OnClosed() {}

 private:
  void Turn();
  void Read();
  void ReadChunk(std::string_view bytes);
  void TellEvents();
  void Write();
  void Finish();
  void CloseTransport();
  void KeepTime();
  void CheckSession();

  World* world_;
  const Clock* clock_;
  Link* link_;
  Pipe* in_;
  Pipe* out_;
  std::unique_ptr<session::Session> session_;
  TimeUs timer_us_ = session::kNever;  // by the world's time
  TimeUs paused_until_us_ = 0;
  TimeUs finish_by_us_ = 0;  // when the output, or the peer, is no longer waited for
  uint64_t turns_ = 0;
  bool turn_due_ = false;
  bool input_over_ = false;
  bool output_closed_ = false;
};

}  // namespace rpc::simulation
