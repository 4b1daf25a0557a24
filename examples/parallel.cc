// Several calls at once: all of them, or whichever comes first within a time limit.
//
//     bazel run //examples:server &
//     bazel run //examples:parallel -- tcp://127.0.0.1:7000
#include <cstdio>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace {

echo::SayRequest Saying(const std::string& text) {
  echo::SayRequest request;
  request.set_text(text);
  return request;
}

echo::SleepRequest SleepFor(uint32_t ms) {
  echo::SleepRequest request;
  request.set_ms(ms);
  return request;
}

// Of any number of the same kind: the replies are in the order of the calls.
rpc::Task<> ManyAtOnce(const echo::Echo::Client& echo) {
  std::vector<rpc::Call<echo::SayReply>> calls;
  for (int i = 0; i < 1'000; ++i) calls.push_back(echo.Say(Saying(std::to_string(i))));
  std::vector<absl::StatusOr<echo::SayReply>> replies = co_await rpc::WhenAll(std::move(calls));
  for (const auto& reply : replies) {
    if (!reply.ok()) co_return reply.status();
  }
  std::printf("%zu replies, the last is %s\n", replies.size(), replies.back()->text().c_str());
  co_return absl::OkStatus();
}

// Of different kinds: a tuple of their results.
rpc::Task<> TwoAtOnce(const echo::Echo::Client& echo) {
  auto both = co_await rpc::WhenAll(echo.Say(Saying("as it is")), echo.Upper(Saying("loud")));
  const absl::StatusOr<echo::SayReply>& said = std::get<0>(both);
  const absl::StatusOr<echo::SayReply>& upper = std::get<1>(both);
  if (!said.ok()) co_return said.status();
  if (!upper.ok()) co_return upper.status();
  std::printf("%s, %s\n", said->text().c_str(), upper->text().c_str());
  co_return absl::OkStatus();
}

// The first of them; the others are cancelled, and have ended when WhenAny returns.
rpc::Task<void> FirstWithin(const echo::Echo::Client& echo, uint32_t ms, absl::Duration limit) {
  auto first = co_await rpc::WhenAny(echo.Sleep(SleepFor(ms)), rpc::Sleep(limit));
  const std::optional<absl::StatusOr<echo::SayReply>>& reply = std::get<0>(first.results);
  const bool in_time = first.index == 0;
  std::printf("%s: %s\n", in_time ? "in time" : "too late",
              reply->ok() ? (*reply)->text().c_str() : reply->status().ToString().c_str());
}

rpc::Task<> All(const echo::Echo::Client& echo) {
  if (absl::Status s = co_await ManyAtOnce(echo); !s.ok()) co_return s;
  if (absl::Status s = co_await TwoAtOnce(echo); !s.ok()) co_return s;
  co_await FirstWithin(echo, 1, absl::Seconds(10));
  co_await FirstWithin(echo, 10'000, absl::Milliseconds(50));
  co_return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  const rpc::Channel channel(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  const echo::Echo::Client echo(channel);
  return rpc::Exit(rpc::Run([&] { return All(echo); }));
}
