// Sends the client's side of a recording to a server again, connection by connection as it was, and
// takes what comes back.
//
//     Player player(&loop, recording.get(), {.to = address}, &log, &outcomes);
//     player.Start();
//     loop.Run();                  // until all has been sent and answered
//     if (!player.status().ok()) ...
//
// What a client sent after a reply is sent after that reply again: a call that came from what
// another one said is not sent before it. Bytes wait until the server takes them; of the recording
// one event is in memory at a time.
//
// Threads: the loop's. Lifetime: all that it is given outlives it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/address.h"
#include "rpc/net/connector.h"
#include "rpc/net/loop.h"
#include "rpc/net/tls.h"
#include "services/cli/frame_log.h"
#include "services/cli/outcomes.h"
#include "services/cli/recording.h"

namespace cli {

struct PlayerOptions {
  rpc::net::Address to;
  std::optional<rpc::net::Tls> tls = {};
  // Does not keep to the times of the recording.
  bool fast = false;
  // How long it waits for a reply that came before, before it goes on without it.
  absl::Duration patience = absl::Seconds(5);
};

class Player final : private rpc::net::Timer {
 public:
  Player(rpc::net::Loop* loop, Recording* recording, PlayerOptions options, FrameLog* log,
         Outcomes* outcomes);
  ~Player();

  // Stops the loop when it is done.
  void Start();

  // Why it could not connect; INVALID_ARGUMENT for a recording that cannot be sent. Where that ends
  // before its time, as its own status says, what there is has been sent.
  const absl::Status& status() const { return status_; }

 private:
  class Line;

  void OnTime() override { Step(); }
  void Step();
  // False: it is called again when something has happened.
  bool Do(const Event& event);
  bool Open(const Event& event);
  bool Send(const Event& event);
  // Whether the time has come, and the replies that were there then.
  bool IsDue(const Event& event);
  bool HasReplies(uint32_t connection) const;
  // Whether it has waited long enough for a reply; if not, it is woken then.
  bool IsOutOfPatience();
  bool AllAnswered() const;
  void Finish();
  void Fail(absl::Status why);
  void WakeAt(rpc::net::TimeUs at_us);

  absl::Duration Now() const;
  Line* Find(uint32_t connection);

  rpc::net::Loop* const loop_;
  Recording* const recording_;
  const PlayerOptions options_;
  FrameLog* const log_;
  Outcomes* const outcomes_;
  FrameLog before_;  // says nothing, and tells outcomes_
  rpc::net::TimeUs began_us_ = 0;
  rpc::net::TimeUs waits_since_us_ = rpc::net::kNever;
  std::map<uint32_t, std::unique_ptr<Line>> lines_;
  std::unique_ptr<rpc::net::Connector> connector_;
  std::optional<absl::Duration> first_at_;  // of the recording: that is now
  std::optional<Event> event_;              // being done
  size_t sent_ = 0;                         // of its bytes
  bool all_sent_ = false;
  bool stepping_ = false;
  bool finished_ = false;
  absl::Status status_;
};

}  // namespace cli
