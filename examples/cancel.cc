// How a caller gives a call up, and how the handler hears of it.
//
//     bazel run //examples:cancel                # needs no server: it has one of its own
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace {

class Endless final : public echo::Echo::Service {
 public:
  // Counts until nobody listens. Write says so once; whoever writes on all the same does not come
  // back from the second Write.
  rpc::Task<> Count(rpc::ServerContext&, const echo::CountRequest&,
                    rpc::Writer<echo::Number>& out) override {
    echo::Number number;
    while (co_await out.Write(number)) number.set_value(number.value() + 1);
    std::printf("count: %s\n", absl::StatusCodeToString(out.status().code()).c_str());
    co_return out.status();
  }

  // Sleep is told in the same way. What a coroutine holds is freed however it ends.
  rpc::Task<> Sleep(rpc::ServerContext& context, const echo::SleepRequest& request,
                    echo::SayReply&) override {
    absl::Status slept = co_await rpc::Sleep(absl::Milliseconds(request.ms()));
    std::printf("sleep: %s, %s\n", absl::StatusCodeToString(slept.code()).c_str(),
                context.cancelled() ? "the call is over" : "the call goes on");
    co_return slept;
  }
};

rpc::Task<void> ReadThree(const echo::Echo::Client& echo) {
  auto numbers = echo.Count({});
  for (int i = 0; i < 3; ++i) {
    const echo::Number* number = co_await numbers.Read();
    if (number == nullptr) co_return;
    std::printf("read %d\n", static_cast<int>(number->value()));
  }
  std::printf("three are enough\n");  // `numbers` goes out of scope: the call is cancelled
}

}  // namespace

int main() {
  rpc::Server server;
  server.Add(std::make_shared<Endless>());
  const echo::Echo::Client echo(server.InProcess());

  rpc::Run([&] { return ReadThree(echo); });

  echo::SleepRequest minute;
  minute.set_ms(60'000);
  rpc::Call<echo::SayReply> call = echo.Sleep(minute);
  while (server.counters().calls_begun < 2) absl::SleepFor(absl::Milliseconds(1));
  call.Cancel();
  std::printf("the caller: %s\n", std::move(call).Wait().status().ToString().c_str());

  return rpc::Exit(server.Shutdown(absl::Seconds(10)));  // waits for the handlers
}
