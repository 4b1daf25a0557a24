// One attack on a client, measured: what it costs this process, which is the client and the
// hostile server both, and whether a good server's client is served afterwards.
//
//     ClientAttack attack("a bomb");
//     WatchedCall call(channel, absl::Seconds(5));
//     EXPECT_TRUE(attack.Await(call));
//     ...
//     attack.End({.heap_size_max = 1 << 20, .heap_size_left = 100 << 10, .cpu = absl::Seconds(1)});
//
// End prints one line with the figures. README.md has a table of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "tests/attacks/figures.h"
#include "tests/end_to_end/echo_fixture.h"

namespace rpc::attacks {

// A call of echo.Echo/Say that is under way, and how often it has ended.
class WatchedCall {
 public:
  WatchedCall(const Channel& channel, absl::Duration timeout, const std::string& text = "x");

  // Blocks until it has ended.
  const absl::Status& Wait() const;
  // From its begin to its first end.
  absl::Duration took() const { return state_->took; }
  absl::Duration timeout() const { return timeout_; }
  int ends() const { return state_->ends; }

 private:
  struct State {
    std::atomic<int> ends = 0;
    absl::Status status = absl::OkStatus();  // of the first end
    absl::Duration took = absl::ZeroDuration();
  };

  absl::Duration timeout_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// What an attack may cost at most, as Bounds are for servers. Processor time is that of an
// unsanitized run; under a sanitizer it is ten times as long.
struct ClientBounds {
  int64_t heap_size_max = 0;   // at any time
  int64_t heap_size_left = 0;  // when all has ended
  absl::Duration cpu = absl::ZeroDuration();
};

// Enough for everything that is not large.
inline constexpr ClientBounds kLittle = {
    .heap_size_max = 2 * kMegabyte, .heap_size_left = kMegabyte, .cpu = absl::Milliseconds(600)};

class ClientAttack {
 public:
  explicit ClientAttack(std::string name);
  ~ClientAttack();
  ClientAttack(const ClientAttack&) = delete;
  ClientAttack& operator=(const ClientAttack&) = delete;

  // Waits for the end, and expects it in time for the call's timeout.
  absl::Status Await(const WatchedCall& call);
  // A second later is in time still; and as much as threads had to wait for a processor.
  void ExpectInTime(absl::Duration took, absl::Duration timeout);

  // The hostile server and what leads to it are gone.
  void End(const ClientBounds& bounds);

 private:
  absl::Duration Waited() const;
  void KeepLooking();
  void Look();
  void ExpectGoodServerServes();

  std::string name_;
  EchoServer good_{Way::kTcp};
  int64_t heap_size_before_ = 0;
  std::atomic<int64_t> heap_size_max_ = 0;
  int64_t cpu_before_us_ = 0;
  int64_t waited_before_us_ = 0;
  absl::Duration longest_ = absl::ZeroDuration();
  std::atomic<bool> ended_ = false;
  std::thread sampler_;
};

}  // namespace rpc::attacks
