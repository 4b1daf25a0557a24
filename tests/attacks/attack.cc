#include "tests/attacks/attack.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "tests/support/eventually.h"

namespace rpc::attacks {
namespace {

// A call that takes longer has not been served, whatever the bound.
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
// Between two calls of the good client, so that it is no attack itself.
constexpr absl::Duration kPause = absl::Milliseconds(2);
// What the system may give more than was asked for: two huge pages.
constexpr int64_t kPagesSize = 4 * kMegabyte;
// Calls that pay for what is made once: buffers, threads, tables.
constexpr int kWarmingUp = 50;

}  // namespace

class GoodClient::Core {
 public:
  explicit Core(Channel channel) : echo_(std::move(channel)) {
    for (int i = 0; i < kWarmingUp; ++i) Call();
    served_.longest = absl::ZeroDuration();  // that was the connecting
    thread_ = std::thread([this] {
      while (!ended_) {
        Call();
        called_ = true;
        absl::SleepFor(kPause);
      }
    });
  }

  Served End() {
    // An attack may be over before the thread has begun.
    Eventually([this] { return called_.load(); }, kCallTimeout);
    ended_ = true;
    thread_.join();
    return served_;
  }

 private:
  void Call() {
    echo::SayRequest request;
    request.set_text("good");
    const absl::Time begin = absl::Now();
    served_.first_failure.Update(echo_.Say(request, {.timeout = kCallTimeout}).Wait().status());
    served_.longest = std::max(served_.longest, absl::Now() - begin);
    ++served_.calls;
  }

  echo::Echo::Client echo_;
  Served served_;
  std::atomic<bool> called_ = false;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

GoodClient::GoodClient(Channel channel) : core_(std::make_unique<Core>(std::move(channel))) {}

GoodClient::~GoodClient() {
  if (core_ != nullptr) End();
}

GoodClient::Served GoodClient::End() {
  const Served served = core_->End();
  core_ = nullptr;
  return served;
}

Attack::Attack(AttackedServer* server, std::string name)
    : Attack(server, std::move(name), Channel(server->tcp())) {}

Attack::Attack(AttackedServer* server, std::string name, Channel good_client)
    : server_(server),
      name_(std::move(name)),
      good_(std::make_unique<GoodClient>(std::move(good_client))) {
  server_->BeginMeasuring();
  before_ = server_->figures();
  waited_before_us_ = WaitedUs();
  begin_ = absl::Now();
}

Figures Attack::Growth() const {
  Figures now = server_->figures();
  now.heap_size -= before_.heap_size;
  now.heap_size_max -= before_.heap_size;
  now.rss_size -= before_.rss_size;
  now.rss_size_max -= before_.rss_size;
  now.cpu_us -= before_.cpu_us;
  now.waited_us -= before_.waited_us;
  now.handlers_begun -= before_.handlers_begun;
  return now;
}

absl::Duration Attack::wall() const { return absl::Now() - begin_; }

void Attack::End(const Bounds& bounds) {
  const absl::Duration wall = this->wall();
  const int64_t waited_us = WaitedUs() - waited_before_us_;
  Figures growth = Growth();
  // What is freed within a turn that has not ended yet.
  Eventually([&] { return (growth = Growth()).heap_size <= bounds.heap_size_left; },
             absl::Seconds(kSanitized ? 0 : 2));
  const GoodClient::Served good = good_->End();
  Print(growth, wall, good);
  ExpectMemory(bounds, growth);
  EXPECT_LE(absl::Microseconds(growth.cpu_us), bounds.cpu * kTimes);
  const absl::Duration waited = absl::Microseconds(waited_us + growth.waited_us);
  EXPECT_LE(wall, bounds.wall * kTimes + waited);
  EXPECT_TRUE(good.first_failure.ok()) << good.first_failure;
  EXPECT_GT(good.calls, kWarmingUp) << "the good client has made no call";
  EXPECT_LE(good.longest, bounds.good_call * kTimes + waited);
}

void Attack::ExpectMemory(const Bounds& bounds, const Figures& growth) {
  if (kSanitized) return;
  EXPECT_LE(growth.heap_size_max, bounds.heap_size_max);
  EXPECT_LE(growth.heap_size, bounds.heap_size_left);
  EXPECT_LE(growth.rss_size_max, bounds.rss_size_max + kPagesSize);
}

void Attack::Print(const Figures& growth, absl::Duration wall,
                   const GoodClient::Served& good) const {
  std::printf(
      "attack: %s: heap at most +%ld KiB, left +%ld KiB, rss at most +%ld KiB, cpu %.2f s, "
      "wall %.2f s (waited %.2f s); good client: %d calls, the longest %.0f ms\n",
      name_.c_str(), Kilobytes(growth.heap_size_max), Kilobytes(growth.heap_size),
      Kilobytes(growth.rss_size_max), static_cast<double>(growth.cpu_us) / 1e6,
      absl::ToDoubleSeconds(wall), static_cast<double>(growth.waited_us) / 1e6, good.calls,
      absl::ToDoubleMilliseconds(good.longest));
}

int RaiseDescriptorLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}

}  // namespace rpc::attacks
