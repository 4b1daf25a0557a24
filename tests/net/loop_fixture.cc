#include "tests/net/loop_fixture.h"

#include <utility>

namespace rpc::net {
namespace {

constexpr uint64_t kPatienceNs = 20'000'000'000;

// Wakes a loop for which nothing happens.
class Heartbeat {
 public:
  Heartbeat(uv_loop_t* uv, uint64_t period_ms) : timer_(new uv_timer_t) {
    uv_timer_init(uv, timer_);
    uv_timer_start(
        timer_, [](uv_timer_t*) {}, period_ms, period_ms);
  }
  ~Heartbeat() {
    uv_close(reinterpret_cast<uv_handle_t*>(timer_),
             [](uv_handle_t* timer) { delete reinterpret_cast<uv_timer_t*>(timer); });
  }

 private:
  uv_timer_t* timer_;
};

}  // namespace

LoopFixture::LoopFixture() {
  uv_loop_init(&uv_);
  loop_.emplace(&uv_);
}

LoopFixture::~LoopFixture() {
  EndLoop();
  uv_run(&uv_, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&uv_), 0) << "something is left on the loop";
}

void LoopFixture::TurnUntil(const std::function<bool()>& happened, uint64_t period_ms) {
  const Heartbeat heartbeat(&uv_, period_ms);
  const uint64_t start_ns = uv_hrtime();
  while (!happened()) {
    if (uv_hrtime() - start_ns > kPatienceNs) FAIL() << "it did not happen";
    uv_run(&uv_, UV_RUN_ONCE);
  }
}

int LoopFixture::TurnFor(uint64_t time_ms) {
  const Heartbeat heartbeat(&uv_, time_ms);
  const uint64_t start_ns = uv_hrtime();
  int rounds = 0;
  for (; uv_hrtime() - start_ns < time_ms * 1'000'000; ++rounds) uv_run(&uv_, UV_RUN_ONCE);
  return rounds;
}

void LoopFixture::InTurn(std::function<void()> work) {
  bool done = false;
  loop()->Post([&] {
    work();
    done = true;
  });
  TurnUntil([&] { return done; });
}

}  // namespace rpc::net
