#include "services/cli/health.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/rpc.h"
#include "services/cli/failure.h"
#include "services/cli/style.h"
#include "services/health/health.rpc.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

std::string StateText(health::State state, const Style& style) {
  const std::string name =
      health::State_IsValid(state) ? health::State_Name(state) : absl::StrCat("STATE ", state);
  return state == health::SERVING ? style.Green(name) : style.Red(name);
}

absl::Status Explained(const absl::Status& status) {
  if (!absl::IsUnimplemented(status)) return status;
  return absl::UnimplementedError("this server has no health service");
}

// What scripts ask for: 0 when it can be called.
int CodeOf(health::State state) { return state == health::SERVING ? 0 : kFailed; }

rpc::Task<int> CheckOne(const health::Health::Client& client, const health::CheckRequest& request,
                        absl::Duration timeout) {
  const absl::StatusOr<health::CheckReply> reply =
      co_await client.Check(request, {.timeout = timeout});
  if (!reply.ok()) co_return Fail(Explained(reply.status()));
  const int printed = Print(absl::StrCat(StateText(reply->state(), Style(STDOUT_FILENO)), "\n"));
  co_return printed != 0 ? printed : CodeOf(reply->state());
}

rpc::Task<int> CheckAll(const health::Health::Client& client, absl::Duration timeout) {
  const health::ListRequest request;
  const absl::StatusOr<health::ListReply> reply =
      co_await client.List(request, {.timeout = timeout});
  if (!reply.ok()) co_return Fail(Explained(reply.status()));
  const Style style(STDOUT_FILENO);
  std::string text;
  int code = 0;
  for (const health::Entry& entry : reply->entries()) {
    const std::string name =
        entry.service().empty() ? "the server" : terminal::Harmless(entry.service());
    const std::string gap(entry.state() == health::SERVING ? 6 : 2, ' ');
    absl::StrAppend(&text, StateText(entry.state(), style), gap, name, "\n");
    if (entry.service().empty()) code = CodeOf(entry.state());
  }
  const int printed = Print(text);
  co_return printed != 0 ? printed : code;
}

rpc::Task<int> WatchOne(const health::Health::Client& client, const health::CheckRequest& request) {
  auto call = client.Watch(request);
  const Style style(STDOUT_FILENO);
  int code = 0;
  for (;;) {
    const health::CheckReply* const reply = co_await call.Read();
    if (reply == nullptr) break;
    code = CodeOf(reply->state());
    const int printed = Print(absl::StrCat(StateText(reply->state(), style), "\n"));
    if (printed != 0) co_return printed;
  }
  if (!call.status().ok()) co_return Fail(Explained(call.status()));
  co_return code;
}

}  // namespace

void HealthCommand::Declare(terminal::Flags* flags) {
  flags->Bool("watch", "goes on, with a line for each change, until the server ends or Ctrl-C",
              &watch_);
  flags->Duration("timeout", "for the answer; not with --watch", &timeout_);
  server_.Declare(flags);
  flags->Arguments(1, 2);
  flags->Footer(
      "It exits with 0 when the server, or the service, is SERVING, and with 1 when it is not.\n"
      "\n"
      "Examples:\n"
      "  rpc health 127.0.0.1:7000\n"
      "  rpc health 127.0.0.1:7000 echo.Echo --watch\n"
      "  until rpc health 127.0.0.1:7000 > /dev/null 2>&1; do sleep 1; done\n");
}

int HealthCommand::Run(const terminal::Flags& flags) {
  if (absl::Status s = watch_ ? CheckCarriesStreams(flags.arguments()[0]) : absl::OkStatus();
      !s.ok()) {
    return UsageError(s);
  }
  const absl::StatusOr<rpc::Channel> channel = server_.Connect(flags.arguments()[0]);
  if (!channel.ok()) return UsageError(channel.status());
  const health::Health::Client client(*channel);
  health::CheckRequest request;
  const bool names_one = flags.arguments().size() > 1;
  if (names_one) request.set_service(flags.arguments()[1]);
  return rpc::Run([&] {
    if (watch_) return WatchOne(client, request);
    return names_one ? CheckOne(client, request, timeout_) : CheckAll(client, timeout_);
  });
}

}  // namespace cli
