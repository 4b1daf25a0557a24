// An application that has a libuv loop already: a server and a channel live on it, beside the
// application's own timer, and there is no other thread.
//
//     bazel run //examples:own_loop              # needs no server: it has one of its own
#include <uv.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo_service.h"

namespace {

// Until the call that main makes has ended.
struct Ticker {
  uv_timer_t timer;
  int ticks = 0;
};

void OnTick(uv_timer_t* timer) { ++static_cast<Ticker*>(timer->data)->ticks; }

rpc::Task<> CallTheServer(const echo::Echo::Client& echo) {
  echo::SleepRequest request;
  request.set_ms(100);
  absl::StatusOr<echo::SayReply> reply = co_await echo.Sleep(request);
  if (reply.ok()) std::printf("the server %s\n", reply->text().c_str());
  co_return reply.status();
}

absl::Status Serve(uv_loop_t* uv) {
  rpc::Loop loop(uv);  // outlives the server and the channel
  rpc::Server server({.loop = &loop});
  server.Add(std::make_shared<echo::EchoService>());
  if (absl::Status s = server.Listen("tcp://127.0.0.1:0"); !s.ok()) return s;
  if (absl::Status s = server.Start(); !s.ok())
    return s;  // not Run: the application turns the loop

  const echo::Echo::Client echo{rpc::Channel(server.addresses().front(), {.loop = &loop})};
  absl::Status status;
  rpc::Spawn([&]() -> rpc::Task<void> {
    status = co_await CallTheServer(echo);
    uv_stop(uv);
  });
  uv_run(uv, UV_RUN_DEFAULT);
  return status;
}

}  // namespace

int main() {
  uv_loop_t uv;
  uv_loop_init(&uv);
  Ticker ticker;
  uv_timer_init(&uv, &ticker.timer);
  ticker.timer.data = &ticker;
  uv_timer_start(&ticker.timer, OnTick, 0, 10);

  const absl::Status status = Serve(&uv);
  std::printf("the application's timer %s meanwhile\n", ticker.ticks > 1 ? "ran" : "did not run");

  uv_close(reinterpret_cast<uv_handle_t*>(&ticker.timer), nullptr);
  uv_run(&uv, UV_RUN_DEFAULT);  // closes what the server, the channel and the timer had on it
  if (uv_loop_close(&uv) != 0) return rpc::Fail(absl::InternalError("something is left"));
  return rpc::Exit(status);
}
