#include "services/cli/conversation.h"

#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/terminal/signals.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

// Of standard input as one message: what a server takes by default.
constexpr size_t kInputSizeMax = 16 << 20;

bool IsBlank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

Conversation::Conversation(rpc::Channel channel, const MethodTarget* target,
                           ConversationOptions options)
    : channel_(std::move(channel)),
      target_(target),
      options_(std::move(options)),
      at_terminal_(isatty(STDOUT_FILENO) == 1) {}

rpc::CallOptions Conversation::call_options() const {
  return {.timeout = options_.timeout, .metadata = &options_.metadata};
}

rpc::Task<void> Conversation::Hold() {
  const absl::Time began = absl::Now();
  auto any = co_await rpc::WhenAny(Talk(), AwaitInterrupt());
  end_.interrupted = any.index == 1;
  end_.took = absl::Now() - began;
}

rpc::Task<void> Conversation::AwaitInterrupt() {
  terminal::Signals signals({SIGINT, SIGTERM});
  (void)co_await signals.Next();
}

rpc::Task<void> Conversation::Talk() {
  if (target_->request_stream()) return TalkAndListen();
  return target_->reply_stream() ? Listen() : TalkOnce();
}

rpc::Task<void> Conversation::TalkOnce() {
  const absl::StatusOr<std::string> bytes = co_await Request();
  end_.failure = bytes.status();
  if (!bytes.ok()) co_return;
  const rpc::RawMessage request(*bytes);
  rpc::Call<rpc::RawMessage> call(channel_, target_->wire_name, request, call_options());
  const absl::StatusOr<rpc::RawMessage> reply = co_await std::move(call);
  Keep(call);
  end_.status = reply.status();
  if (reply.ok()) (void)co_await Print(*reply);
}

rpc::Task<void> Conversation::Listen() {
  const absl::StatusOr<std::string> bytes = co_await Request();
  end_.failure = bytes.status();
  if (!bytes.ok()) co_return;
  const rpc::RawMessage request(*bytes);
  rpc::ReadCall<rpc::RawMessage> call(channel_, target_->wire_name, request, call_options());
  for (;;) {
    const rpc::RawMessage* const reply = co_await call.Read();
    if (reply == nullptr) break;
    const bool printed = co_await Print(*reply);
    if (!printed) co_return;
  }
  end_.status = call.status();
  Keep(call);
}

rpc::Task<void> Conversation::TalkAndListen() {
  Stream call(channel_, target_->wire_name, call_options());
  auto any = co_await rpc::WhenAny(ReadAll(&call), WriteAll(&call));
  if (any.index == 1) co_return;
  end_.status = call.status();
  Keep(call);
  const bool lacks_reply = end_.status.ok() && !target_->reply_stream() && end_.replies != 1;
  if (lacks_reply) {
    end_.status = absl::InternalError(
        absl::StrCat("the server gave ", end_.replies, " replies, where there is to be one"));
  }
}

rpc::Task<void> Conversation::ReadAll(Stream* call) {
  for (;;) {
    const rpc::RawMessage* const reply = co_await call->Read();
    if (reply == nullptr) break;
    const bool printed = co_await Print(*reply);
    if (!printed) co_return;
  }
}

rpc::Task<void> Conversation::WriteAll(Stream* call) {
  rpc::Task<absl::Status> writing =
      options_.messages.empty() ? WriteLines(call) : WriteArguments(call);
  end_.failure = co_await std::move(writing);
  if (!end_.failure.ok()) co_return;
  call->Close();
  // The end of the requests is not that of the call.
  (void)co_await rpc::Sleep(absl::InfiniteDuration());
}

rpc::Task<absl::Status> Conversation::WriteArguments(Stream* call) {
  terminal::Input input;
  for (const std::string& message : options_.messages) {
    std::string json = message;
    if (message == "-") {
      absl::StatusOr<std::string> read = co_await ReadInput(&input);
      if (!read.ok()) co_return read.status();
      json = *std::move(read);
    }
    absl::StatusOr<std::string> bytes =
        target_->schema.FromJson(target_->method->input_type(), json);
    if (!bytes.ok()) co_return bytes.status();
    const rpc::RawMessage request(*std::move(bytes));
    const bool taken = co_await call->Write(request);
    if (!taken) break;
  }
  co_return absl::OkStatus();
}

rpc::Task<absl::Status> Conversation::WriteLines(Stream* call) {
  terminal::Input input;
  for (uint64_t number = 1;; ++number) {
    absl::StatusOr<std::optional<std::string>> line = co_await input.ReadLine();
    if (!line.ok()) co_return line.status();
    if (!line->has_value()) break;
    if (IsBlank(**line)) continue;
    absl::StatusOr<std::string> bytes =
        target_->schema.FromJson(target_->method->input_type(), **line);
    if (!bytes.ok()) {
      co_return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", std::string(bytes.status().message())));
    }
    const rpc::RawMessage request(*std::move(bytes));
    const bool taken = co_await call->Write(request);
    if (!taken) break;
  }
  co_return absl::OkStatus();
}

rpc::Task<absl::StatusOr<std::string>> Conversation::Request() {
  std::string json = options_.messages.empty() ? "{}" : options_.messages.front();
  if (json == "-") {
    terminal::Input input;
    absl::StatusOr<std::string> read = co_await ReadInput(&input);
    if (!read.ok()) co_return read.status();
    json = *std::move(read);
  }
  co_return target_->schema.FromJson(target_->method->input_type(), json);
}

rpc::Task<absl::StatusOr<std::string>> Conversation::ReadInput(terminal::Input* input) {
  std::string all;
  for (;;) {
    const absl::StatusOr<std::string> bytes = co_await input->Read();
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) break;
    all += *bytes;
    if (all.size() > kInputSizeMax) {
      co_return absl::ResourceExhaustedError(absl::StrCat(
          "standard input is more than ", kInputSizeMax, " bytes, the limit for one message"));
    }
  }
  co_return all;
}

rpc::Task<bool> Conversation::Print(const rpc::RawMessage& reply) {
  ++end_.replies;
  const absl::StatusOr<std::string> json =
      target_->schema.ToJson(target_->method->output_type(), reply.bytes(), options_.look);
  end_.failure = json.status();
  if (!json.ok()) co_return false;
  const std::string text =
      absl::StrCat(at_terminal_ ? terminal::HarmlessLines(*json) : *json, "\n");
  terminal::Output out;
  end_.failure = co_await out.Write(text);
  co_return end_.failure.ok();
}

}  // namespace cli
