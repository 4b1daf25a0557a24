#include "services/cli/load.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "rpc/net/loop.h"

namespace cli {
namespace {

uint64_t NowUs() { return static_cast<uint64_t>(rpc::net::ClockUs()); }

// Waits to the microsecond, where the loop's own timers know milliseconds; as they do when there
// are no descriptors left.
class PreciseTimer {
 public:
  PreciseTimer() {
    rpc::Descriptor timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (timer) pollable_.emplace(std::move(timer));
  }

  // Until then; at once when that has passed.
  rpc::Task<absl::Status> WaitUntil(uint64_t at_us) {
    const uint64_t now_us = NowUs();
    if (at_us <= now_us) return absl::OkStatus();
    return Wait(at_us - now_us);
  }

 private:
  rpc::Task<absl::Status> Wait(uint64_t left_us) {
    if (!pollable_.has_value()) {
      co_return co_await rpc::Sleep(absl::Microseconds(static_cast<int64_t>(left_us)));
    }
    itimerspec when = {};
    when.it_value.tv_sec = static_cast<time_t>(left_us / 1'000'000);
    when.it_value.tv_nsec = static_cast<long>(left_us % 1'000'000 * 1'000);
    timerfd_settime(pollable_->fd(), 0, &when, nullptr);
    const absl::Status status = co_await pollable_->Readable();
    uint64_t expirations = 0;
    (void)!read(pollable_->fd(), &expirations, sizeof(expirations));
    co_return status;
  }

  std::optional<rpc::Pollable> pollable_;
};

}  // namespace

double LoadResult::per_second() const {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  return seconds <= 0 ? 0 : static_cast<double>(ended()) / seconds;
}

Load::Load(rpc::Channel channel, const MethodTarget* target, LoadOptions options)
    : channel_(std::move(channel)), target_(target), options_(std::move(options)) {
  for (const std::string& bytes : options_.requests) requests_.emplace_back(bytes);
}

rpc::CallOptions Load::call_options() const {
  return {.timeout = options_.timeout, .metadata = &options_.metadata};
}

rpc::Task<void> Load::Run() {
  began_us_ = last_end_us_ = last_met_us_ = NowUs();
  std::vector<rpc::Task<int>> workers;
  const uint64_t wanted = std::min(static_cast<uint64_t>(options_.concurrency), options_.count);
  for (uint64_t i = 0; i < wanted; ++i) workers.push_back(Work());
  (void)co_await rpc::WhenAll(std::move(workers));
  result_.elapsed = absl::Microseconds(static_cast<int64_t>(last_end_us_ - began_us_));
}

void Load::Stop() {
  (void)result();
  stopped_ = true;
}

const LoadResult& Load::result() {
  if (!stopped_ && began_us_ != 0 && result_.begun > result_.ended()) {
    result_.elapsed = absl::Microseconds(static_cast<int64_t>(NowUs() - began_us_));
  }
  return result_;
}

bool Load::TakePlace(uint64_t* at_us) {
  if (stopped_ || !gave_up_.ok() || result_.begun >= options_.count) return false;
  *at_us = NowUs();
  if (options_.rate > 0) {
    *at_us = began_us_ +
             static_cast<uint64_t>(static_cast<double>(result_.begun) * 1'000'000 / options_.rate);
  }
  const auto after = absl::Microseconds(static_cast<int64_t>(*at_us - began_us_));
  if (after >= options_.duration) return false;
  ++result_.begun;
  return true;
}

rpc::Task<int> Load::Work() {
  std::optional<PreciseTimer> timer;
  if (options_.rate > 0) timer.emplace();
  uint64_t at_us = 0;
  int unavailable = 0;  // in a row
  while (TakePlace(&at_us)) {
    if (timer.has_value()) (void)co_await timer->WaitUntil(at_us);
    const absl::Status status = co_await CallOnce();
    if (stopped_) break;
    last_end_us_ = NowUs();
    Count(status, last_end_us_ - at_us);
    unavailable = absl::IsUnavailable(status) ? unavailable + 1 : 0;
    if (unavailable > 0 && options_.rate == 0) co_await BackOff(unavailable);
  }
  co_return 0;
}

rpc::Task<void> Load::BackOff(int failures) {
  absl::Duration pause = kPauseMin * (1 << std::min(failures - 1, 10));
  pause = std::min(pause, kPauseMax);
  // Not beyond its end: a duration is kept to.
  const auto passed = absl::Microseconds(static_cast<int64_t>(NowUs() - began_us_));
  if (passed + pause > options_.duration) pause = options_.duration - passed;
  if (pause > absl::ZeroDuration()) (void)co_await rpc::Sleep(pause);
}

void Load::Count(const absl::Status& status, uint64_t took_us) {
  result_.latency.Add(took_us);
  result_.latency_min_us = std::min(result_.latency_min_us, took_us);
  result_.latency_max_us = std::max(result_.latency_max_us, took_us);
  const auto code = static_cast<size_t>(status.code());
  ++result_.by_code[std::min(code, LoadResult::kCodes - 1)];
  if (!status.ok() && result_.first_error.empty()) {
    result_.first_error = std::string(status.message());
  }
  if (!absl::IsUnavailable(status)) last_met_us_ = last_end_us_;
  const auto away = absl::Microseconds(static_cast<int64_t>(last_end_us_ - last_met_us_));
  const bool is_endless = options_.duration == absl::InfiniteDuration();
  if (is_endless && away >= kAwayMax) {
    gave_up_ = absl::UnavailableError(absl::StrCat("given up: no call met a server for ",
                                                   absl::FormatDuration(kAwayMax), ": ",
                                                   std::string(status.message())));
  }
}

rpc::Task<absl::Status> Load::TryOnce() {
  const absl::Status status = co_await CallOnce();
  result_.replies = 0;
  co_return status;
}

rpc::Task<absl::Status> Load::CallOnce() {
  if (target_->request_stream()) return CallWithStream();
  return target_->reply_stream() ? CallWithReplies() : CallWithReply();
}

rpc::Task<absl::Status> Load::CallWithReply() {
  rpc::Call<rpc::RawMessage> call(channel_, target_->wire_name, requests_.front(), call_options());
  const absl::StatusOr<rpc::RawMessage> reply = co_await std::move(call);
  if (reply.ok()) ++result_.replies;
  co_return reply.status();
}

rpc::Task<absl::Status> Load::CallWithReplies() {
  rpc::ReadCall<rpc::RawMessage> call(channel_, target_->wire_name, requests_.front(),
                                      call_options());
  for (;;) {
    const rpc::RawMessage* const reply = co_await call.Read();
    if (reply == nullptr) break;
    ++result_.replies;
  }
  co_return call.status();
}

rpc::Task<absl::Status> Load::CallWithStream() {
  rpc::StreamCall<rpc::RawMessage, rpc::RawMessage> call(channel_, target_->wire_name,
                                                         call_options());
  for (const rpc::RawMessage& request : requests_) {
    const bool taken = co_await call.Write(request);
    if (!taken) break;
  }
  call.Close();
  for (;;) {
    const rpc::RawMessage* const reply = co_await call.Read();
    if (reply == nullptr) break;
    ++result_.replies;
  }
  co_return call.status();
}

}  // namespace cli
