// One connection between a client and a server: two pipes, what is to go wrong with them, and what
// has, for only that excuses the loss of a call.
#pragma once

#include <memory>
#include <string>

#include "tests/simulation/pipe.h"
#include "tests/simulation/wire_watch.h"
#include "tests/simulation/world.h"

namespace rpc::simulation {

class Link {
 public:
  Link(World* world, int number, bool hello);

  const std::string& name() const { return name_; }
  bool hello() const { return hello_; }
  Pipe& up() { return up_; }      // client to server
  Pipe& down() { return down_; }  // server to client
  WireWatch& watch() { return watch_; }

  // Both sides learn at once that the connection is gone; bytes on their way are lost.
  void Reset();
  // Nothing arrives any more, and nobody is told.
  void Silence();
  // No new trouble, and what nobody would ever notice is made known.
  void Heal();

  // What has happened to it.
  bool may_be_lost = false;     // its calls may end UNAVAILABLE
  bool drained = false;         // by its server
  bool drain_expired = false;   // calls were still open when the time to drain was over
  bool shut_down = false;       // by its client
  bool bodies_flipped = false;  // calls may end DATA_LOSS
  bool tainted = false;         // a header was damaged: anything may be answered, but nothing stuck

 private:
  void PlanCut();
  void PlanSilence();
  void PlanStalls();
  void PlanFlips();

  World* world_;
  std::string name_;
  bool hello_;
  bool silent_ = false;
  Pipe up_;
  Pipe down_;
  WireWatch watch_;
};

}  // namespace rpc::simulation
