// A server that answers one caller at a time, as a telephone does: who calls meanwhile waits on the
// line until the one before has hung up, and who finds somebody waiting already is told that the
// line is engaged. The service knows nothing of it: Server::Limit says it of one method.
//
//     bazel run //examples:phone                 # needs no server: it has one of its own
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"

namespace {

using Conversation = rpc::StreamCall<echo::Line, echo::Line>;

rpc::Task<bool> Say(Conversation& call, const std::string& text) {
  echo::Line line;
  line.set_text(text);
  co_return co_await call.Write(line);
}

rpc::Task<void> Hear(Conversation& call, const std::string& who) {
  const echo::Line* const answer = co_await call.Read();
  std::printf("%s hears: %s\n", who.c_str(),
              answer == nullptr ? call.status().ToString().c_str() : answer->text().c_str());
}

// Whether nothing is heard for a while.
rpc::Task<bool> IsSilent(Conversation& call) {
  auto first = co_await rpc::WhenAny(call.Read(), rpc::Sleep(absl::Milliseconds(200)));
  co_return first.index == 1;
}

rpc::Task<> Phone(const echo::Echo::Client& echo) {
  Conversation ann = echo.Chat();
  co_await Say(ann, "this is ann");
  co_await Hear(ann, "ann");

  Conversation bob = echo.Chat();
  co_await Say(bob, "this is bob");
  const bool bob_waits = co_await IsSilent(bob);
  std::printf("bob %s\n", bob_waits ? "waits on the line" : "was answered, too");

  Conversation eve = echo.Chat();
  co_await Hear(eve, "eve");

  co_await Say(ann, "good-bye");
  co_await Hear(ann, "ann");
  ann.Close();
  std::printf("ann hangs up\n");
  co_await Hear(bob, "bob");
  bob.Close();
  co_return absl::OkStatus();
}

absl::Status Run() {
  rpc::Server server;
  server.Add(std::make_shared<echo::EchoService>());
  if (absl::Status s = server.Limit("echo.Echo/Chat", 1, 1); !s.ok()) return s;
  if (absl::Status s = server.Listen("tcp://127.0.0.1:0"); !s.ok()) return s;
  if (absl::Status s = server.Start(); !s.ok()) return s;
  const rpc::Channel channel(server.addresses().front());
  const echo::Echo::Client echo(channel);
  return rpc::Run([&] { return Phone(echo); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) return rpc::Exit(Run());
  const bool is_help = std::string_view(argv[1]) == "--help";
  std::FILE* const to = is_help ? stdout : stderr;
  if (!is_help) std::fprintf(to, "phone: it takes no arguments, but got \"%s\"\n", argv[1]);
  std::fputs(
      "usage: phone\n"
      "Ann, bob and eve call a server of its own that answers one caller at a time: ann talks,\n"
      "bob waits, and to eve the line is engaged.\n",
      to);
  return is_help ? 0 : 2;
}
