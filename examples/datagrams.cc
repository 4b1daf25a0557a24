// Calls without a connection, over udp://, and when they are worth it.
//
//     bazel run //examples:datagrams             # needs no server: it has one of its own
//
// For small questions whose answers are soon worth nothing: readings, beats, "who is there?" asked
// of many. Nothing is set up before and nothing is held after, so that one socket asks thousands of
// servers; a lost datagram is sent again until the deadline, and the handler runs at most once all
// the same. Everything else is better off with tcp://: streams, messages above a datagram's size,
// secrets (there is no TLS), and many calls to one server, which share its writes.
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"

namespace {

rpc::Task<> Ask(const echo::Echo::Client& sensor, int number) {
  echo::SayRequest request;
  request.set_text("reading " + std::to_string(number));
  // Later than this the next reading is better than this one.
  absl::StatusOr<echo::SayReply> reply =
      co_await sensor.Say(request, {.timeout = absl::Seconds(2)});
  if (!reply.ok()) co_return reply.status();
  std::printf("%s\n", reply->text().c_str());
  co_return absl::OkStatus();
}

void AskForTooMuch(const echo::Echo::Client& sensor) {
  echo::SayRequest request;
  request.set_text(std::string(2'000, 'x'));
  std::printf("a large one: %s\n", sensor.Say(request).Wait().status().ToString().c_str());

  auto numbers = sensor.Count(echo::CountRequest());
  while (numbers.Read().Wait() != nullptr) continue;
  std::printf("a stream: %s\n", numbers.status().ToString().c_str());
}

}  // namespace

int main() {
  rpc::Server server;
  server.Add(std::make_shared<echo::EchoService>());
  if (absl::Status s = server.Listen("udp://127.0.0.1:0"); !s.ok()) return rpc::Fail(s);
  if (absl::Status s = server.Start(); !s.ok()) return rpc::Fail(s);

  const rpc::Channel channel(server.addresses().front());
  const echo::Echo::Client sensor(channel);
  for (int i = 1; i <= 3; ++i) {
    absl::Status status = rpc::Run([&] { return Ask(sensor, i); });
    if (!status.ok()) return rpc::Fail(status);
  }
  AskForTooMuch(sensor);
}
