// Calls a method again and again, and measures how long each call takes.
//
//     Load load(channel, &target, {.requests = {bytes}, .concurrency = 10, .count = 1000});
//     rpc::Run([&] { return load.Run(); });
//     load.result().latency.Quantile(0.99)
//
// Closed loop: `concurrency` calls are open at any time, a new one begins when one has ended. Open
// loop, with a rate: a call begins when its time has come, whether others have ended or not, as
// long as no more than `concurrency` are open; and its latency counts from that time, also when it
// had to wait for others. So a server that stands still for a second is seen by all calls of this
// second (the omission that is coordinated otherwise).
//
// While the server is away a call fails at once. In a closed loop that would be a busy loop, and a
// count of calls used up in no time; so a worker pauses after each call that was UNAVAILABLE,
// longer and longer. Where no duration ends it, it gives up after kAwayMax.
//
// Threads: Run on a loop; progress() there too. Lifetime: the target outlives it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/cli/method_flags.h"

namespace cli {

struct LoadOptions {
  std::vector<std::string> requests = {};  // encoded; one, unless requests are a stream
  rpc::Metadata metadata = {};
  absl::Duration timeout = absl::Seconds(10);  // of each call
  int64_t concurrency = 1;
  absl::Duration duration = absl::InfiniteDuration();  // no calls begin after that
  uint64_t count = UINT64_MAX;                         // of calls
  double rate = 0;                                     // a second; 0: closed loop
};

struct LoadResult {
  static constexpr size_t kCodes = 17;

  rpc::Histogram latency = {};  // in microseconds, of all calls that ended
  uint64_t latency_min_us = UINT64_MAX;
  uint64_t latency_max_us = 0;
  std::array<uint64_t, kCodes> by_code = {};
  std::string first_error = {};  // what the first that failed said
  uint64_t begun = 0;
  uint64_t replies = 0;
  absl::Duration elapsed = absl::ZeroDuration();

  uint64_t ended() const { return latency.count(); }
  uint64_t failed() const { return ended() - by_code[0]; }
  double per_second() const;
};

class Load {
 public:
  static constexpr absl::Duration kPauseMin = absl::Milliseconds(10);
  static constexpr absl::Duration kPauseMax = absl::Seconds(1);
  static constexpr absl::Duration kAwayMax = absl::Seconds(5);

  Load(rpc::Channel channel, const MethodTarget* target, LoadOptions options);

  // Returns when all calls have ended. Cancelled, it leaves those that have not; Stop comes before
  // that, so that they are not counted.
  rpc::Task<void> Run();
  void Stop();

  // One call, which is not counted: whether it can be made at all.
  rpc::Task<absl::Status> TryOnce();

  // UNAVAILABLE when it ended before its time, since the server was away for too long.
  const absl::Status& gave_up() const { return gave_up_; }

  // As of now, while it runs.
  const LoadResult& result();
  const LoadOptions& options() const { return options_; }

 private:
  rpc::Task<absl::Status> CallOnce();
  rpc::Task<absl::Status> CallWithReply();
  rpc::Task<absl::Status> CallWithReplies();
  rpc::Task<absl::Status> CallWithStream();
  rpc::CallOptions call_options() const;

  rpc::Task<int> Work();
  // When the next call is to begin; false when none is.
  bool TakePlace(uint64_t* at_us);
  void Count(const absl::Status& status, uint64_t took_us);
  // Between two calls of one worker, of which `failures` in a row met no server.
  rpc::Task<void> BackOff(int failures);

  const rpc::Channel channel_;
  const MethodTarget* const target_;
  const LoadOptions options_;
  std::vector<rpc::RawMessage> requests_;
  LoadResult result_;
  uint64_t began_us_ = 0;
  uint64_t last_end_us_ = 0;
  uint64_t last_met_us_ = 0;  // when a call last ended otherwise than UNAVAILABLE
  absl::Status gave_up_;
  bool stopped_ = false;
};

}  // namespace cli
