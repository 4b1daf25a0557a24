// Streams: from the server, to the server, and both ways at once.
//
//     bazel run //examples:server &
//     bazel run //examples:streaming -- tcp://127.0.0.1:7000
#include <cstdio>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace {

// A stream of replies: read until null, then look why it ended.
rpc::Task<> Count(const echo::Echo::Client& echo) {
  echo::CountRequest request;
  request.set_upto(3);
  auto numbers = echo.Count(request);
  while (const echo::Number* number = co_await numbers.Read()) {
    std::printf("counted %d\n", static_cast<int>(number->value()));
  }
  co_return numbers.status();
}

// A stream of requests: write, then wait for the one reply, which says that no more requests come.
rpc::Task<> Sum(const echo::Echo::Client& echo) {
  auto sum = echo.Sum();
  echo::Number number;
  for (int i = 1; i <= 100; ++i) {
    number.set_value(i);
    if (!co_await sum.Write(number)) break;  // the reply, or its status, is there already
  }
  absl::StatusOr<echo::Total> total = co_await std::move(sum);
  if (!total.ok()) co_return total.status();
  std::printf("1 to 100 are %d\n", static_cast<int>(total->value()));
  co_return absl::OkStatus();
}

using Chat = rpc::StreamCall<echo::Line, echo::Line>;

rpc::Task<void> WriteLines(Chat& chat) {
  echo::Line line;
  for (const char* text : {"one", "two", "three"}) {
    line.set_text(text);
    if (!co_await chat.Write(line)) co_return;
  }
  chat.Close();
}

rpc::Task<void> ReadLines(Chat& chat) {
  while (const echo::Line* line = co_await chat.Read()) std::printf("%s\n", line->text().c_str());
}

// Both ways: a coroutine for each, and neither waits for the other.
rpc::Task<> Talk(const echo::Echo::Client& echo) {
  Chat chat = echo.Chat();
  co_await rpc::WhenAll(WriteLines(chat), ReadLines(chat));
  co_return chat.status();
}

rpc::Task<> All(const echo::Echo::Client& echo) {
  if (absl::Status s = co_await Count(echo); !s.ok()) co_return s;
  if (absl::Status s = co_await Sum(echo); !s.ok()) co_return s;
  co_return co_await Talk(echo);
}

}  // namespace

int main(int argc, char** argv) {
  const rpc::Channel channel(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  const echo::Echo::Client echo(channel);
  return rpc::Exit(rpc::Run([&] { return All(echo); }));
}
