#include "tests/attacks/client_attack.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "tests/support/eventually.h"

namespace rpc::attacks {
namespace {

constexpr absl::Duration kSlack = absl::Seconds(1);
// How often the heap is looked at.
constexpr absl::Duration kLook = absl::Milliseconds(1);
// Calls that pay for what is made once: buffers, threads, tables.
constexpr int kWarmingUp = 20;

}  // namespace

WatchedCall::WatchedCall(const Channel& channel, absl::Duration timeout, const std::string& text)
    : timeout_(timeout) {
  const absl::Time begin = absl::Now();
  echo::Echo::Client(channel)
      .Say(Saying(text), {.timeout = timeout})
      .Then([state = state_, begin](const absl::StatusOr<echo::SayReply>& reply) {
        if (state->ends == 0) {
          state->status = reply.status();
          state->took = absl::Now() - begin;
        }
        ++state->ends;
        state->ends.notify_all();
      });
}

const absl::Status& WatchedCall::Wait() const {
  state_->ends.wait(0);
  return state_->status;
}

ClientAttack::ClientAttack(std::string name) : name_(std::move(name)) {
  good_.Serve();
  for (int i = 0; i < kWarmingUp; ++i) ExpectGoodServerServes();
  heap_size_before_ = HeapSize();
  heap_size_max_ = heap_size_before_;
  waited_before_us_ = WaitedUs();
  cpu_before_us_ = CpuUs();
  sampler_ = std::thread([this] { KeepLooking(); });
}

ClientAttack::~ClientAttack() {
  ended_ = true;
  if (sampler_.joinable()) sampler_.join();
}

absl::Status ClientAttack::Await(const WatchedCall& call) {
  absl::Status status = call.Wait();
  Look();
  ExpectInTime(call.took(), call.timeout());
  return status;
}

void ClientAttack::ExpectInTime(absl::Duration took, absl::Duration timeout) {
  longest_ = std::max(longest_, took);
  EXPECT_LE(took, timeout + kSlack * kTimes + Waited());
}

void ClientAttack::End(const ClientBounds& bounds) {
  const absl::Duration cpu = absl::Microseconds(CpuUs() - cpu_before_us_);
  int64_t left = 0;
  // What is freed within a turn that has not ended yet.
  Eventually([&] { return (left = HeapSize() - heap_size_before_) <= bounds.heap_size_left; },
             absl::Seconds(kSanitized ? 0 : 2));
  ended_ = true;
  sampler_.join();
  const int64_t most = heap_size_max_ - heap_size_before_;
  std::printf(
      "attack: hostile server: %s: heap at most +%ld KiB, left +%ld KiB, cpu %.3f s, the longest "
      "call %.0f ms (waited %.2f s)\n",
      name_.c_str(), Kilobytes(most), Kilobytes(left), absl::ToDoubleSeconds(cpu),
      absl::ToDoubleMilliseconds(longest_), absl::ToDoubleSeconds(Waited()));
  EXPECT_LE(cpu, bounds.cpu * kTimes);
  if (!kSanitized) {
    EXPECT_LE(most, bounds.heap_size_max);
    EXPECT_LE(left, bounds.heap_size_left);
  }
  ExpectGoodServerServes();
}

// Threads that have ended are not counted any more.
absl::Duration ClientAttack::Waited() const {
  return absl::Microseconds(std::max<int64_t>(0, WaitedUs() - waited_before_us_));
}

void ClientAttack::KeepLooking() {
  while (!ended_) {
    Look();
    absl::SleepFor(kLook);
  }
}

void ClientAttack::Look() {
  const int64_t size = HeapSize();
  int64_t most = heap_size_max_;
  while (most < size && !heap_size_max_.compare_exchange_weak(most, size)) continue;
}

void ClientAttack::ExpectGoodServerServes() {
  const auto reply = echo::Echo::Client(good_.MakeChannel()).Say(Saying("good")).Wait();
  EXPECT_TRUE(reply.ok()) << reply.status();
}

}  // namespace rpc::attacks
