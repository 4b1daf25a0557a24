#include "services/cli/call.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "rpc/rpc.h"
#include "services/cli/conversation.h"
#include "services/cli/failure.h"
#include "services/cli/status_text.h"

namespace cli {
namespace {

// A message on the command line is checked before anybody is asked.
absl::Status CheckMessages(const MethodTarget& target, const std::vector<std::string>& messages) {
  if (!target.request_stream() && messages.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(target.wire_name, " takes one message, not ",
                                                   messages.size(), "; is the JSON in quotes?"));
  }
  for (const std::string& message : messages) {
    if (message == "-") continue;
    const absl::StatusOr<std::string> bytes =
        target.schema.FromJson(target.method->input_type(), message);
    if (!bytes.ok()) return bytes.status();
  }
  return absl::OkStatus();
}

}  // namespace

void CallCommand::Declare(terminal::Flags* flags) {
  method_.Declare(flags);
  flags->Duration("timeout", "for the whole call; with streams there is none unless it is given",
                  &timeout_);
  flags->Bool("pretty", "replies over several lines each", &look_.pretty);
  flags->Bool("defaults", "fields that have their default value, too", &look_.defaults);
  flags->Bool("wait", "waits for a server that is not there yet", &wait_);
  flags->Bool("verbose", "metadata, and how long it took, on standard error", &verbose_);
  flags->Short('v', "verbose");
  server_.Declare(flags);
  flags->Arguments(2, terminal::Flags::kAnyNumber);
  flags->Footer(
      "MESSAGE is JSON: {} when there is none, and - is standard input. A stream of requests is "
      "all the messages that there are; without any it is standard input, one a line. Replies are "
      "printed as they come, one a line. Ctrl-C cancels the call.\n"
      "\n"
      "Examples:\n"
      "  rpc call 127.0.0.1:7000 echo.Echo/Say '{\"text\": \"hello\"}'\n"
      "  rpc call 127.0.0.1:7000 echo.Echo/Count '{\"upto\": 3}' --timeout=2s\n"
      "  rpc call 127.0.0.1:7000 echo.Echo/Sum '{\"value\": 1}' '{\"value\": 2}'\n"
      "  seq 100 | sed 's/.*/{\"value\": &}/' | rpc call 127.0.0.1:7000 echo.Echo/Sum\n"
      "  rpc call 127.0.0.1:7000 echo.Echo/Say '{}' --meta=token=1234 -v\n"
      "  rpc call 127.0.0.1:7000 echo.Echo/Say '{}' -I. \\\n"
      "      --proto=services/echo/echo.proto\n");
}

int CallCommand::Run(const terminal::Flags& flags) {
  const std::vector<std::string>& arguments = flags.arguments();
  const absl::StatusOr<rpc::Channel> channel = server_.Connect(arguments[0]);
  if (!channel.ok()) return UsageError(channel.status());
  const absl::StatusOr<rpc::Metadata> metadata = method_.metadata();
  if (!metadata.ok()) return UsageError(metadata.status());
  const absl::Time deadline = absl::Now() + timeout_;
  if (wait_) {
    const absl::Status ready = channel->WaitUntilReady(timeout_);
    if (!ready.ok()) return Fail(ready);
  }
  const absl::StatusOr<MethodTarget> target =
      method_.Find(*channel, arguments[1], deadline - absl::Now());
  if (!target.ok()) {
    const bool is_ours = method_.has_files() || absl::IsInvalidArgument(target.status());
    return is_ours ? UsageError(target.status()) : Fail(target.status());
  }
  std::vector<std::string> messages(arguments.begin() + 2, arguments.end());
  if (absl::Status s = CheckMessages(*target, messages); !s.ok()) return UsageError(s);

  const bool has_stream = target->request_stream() || target->reply_stream();
  const bool has_timeout = !has_stream || flags.given("timeout");
  Conversation conversation(
      *channel, &*target,
      {.messages = std::move(messages),
       .metadata = *metadata,
       .timeout = has_timeout ? deadline - absl::Now() : absl::InfiniteDuration(),
       .look = look_});
  rpc::Run([&conversation] { return conversation.Hold(); });
  const ConversationEnd& end = conversation.end();
  if (verbose_) std::fputs(VerboseText(*target, *metadata, end).c_str(), stderr);
  if (end.interrupted) {
    std::fputs("rpc: cancelled\n", stderr);
    return kInterrupted;
  }
  if (!end.failure.ok()) return FailToPrint(end.failure);
  if (end.status.ok()) return 0;
  const int code = Fail(end.status);
  std::fputs(DetailsText(end.status, target->schema).c_str(), stderr);
  return code;
}

}  // namespace cli
