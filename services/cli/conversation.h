// One call of a method whose types are known while the program runs: requests from the command line
// or standard input, replies to standard output as they come.
//
//     Conversation conversation(channel, &target, {.messages = {"{\"text\": \"hello\"}"}});
//     rpc::Run([&] { return conversation.Hold(); });
//     if (!conversation.end().status.ok()) ...
//
// Requests and replies go on without waiting for each other. Ctrl-C, or SIGTERM, cancels the call.
// Threads: Hold on a loop; the rest before or after it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/cli/method_flags.h"
#include "services/cli/schema.h"
#include "services/terminal/input.h"
#include "services/terminal/output.h"

namespace cli {

struct ConversationOptions {
  std::vector<std::string> messages = {};  // in JSON; - is standard input
  rpc::Metadata metadata = {};
  absl::Duration timeout = absl::InfiniteDuration();
  JsonLook look = {};
};

struct ConversationEnd {
  absl::Status status = absl::OkStatus();   // of the call
  absl::Status failure = absl::OkStatus();  // on this side: input that is no JSON, no output
  bool interrupted = false;
  uint64_t replies = 0;
  absl::Duration took = absl::ZeroDuration();
  rpc::Metadata leading = {};
  rpc::Metadata trailing = {};
};

class Conversation {
 public:
  // The target outlives it.
  Conversation(rpc::Channel channel, const MethodTarget* target, ConversationOptions options);

  rpc::Task<void> Hold();

  const ConversationEnd& end() const { return end_; }

 private:
  using Stream = rpc::StreamCall<rpc::RawMessage, rpc::RawMessage>;

  rpc::CallOptions call_options() const;
  rpc::Task<void> AwaitInterrupt();
  rpc::Task<void> Talk();
  rpc::Task<void> TalkOnce();
  rpc::Task<void> Listen();
  rpc::Task<void> TalkAndListen();

  // The first reads all replies; the second returns only when something is wrong on this side.
  rpc::Task<void> ReadAll(Stream* call);
  rpc::Task<void> WriteAll(Stream* call);
  rpc::Task<absl::Status> WriteArguments(Stream* call);
  rpc::Task<absl::Status> WriteLines(Stream* call);

  // The one request.
  rpc::Task<absl::StatusOr<std::string>> Request();
  rpc::Task<absl::StatusOr<std::string>> ReadInput(terminal::Input* input);
  // False when there is nowhere to print it.
  rpc::Task<bool> Print(const rpc::RawMessage& reply);

  template <typename Call>
  void Keep(const Call& call) {
    end_.leading = call.leading();
    end_.trailing = call.trailing();
  }

  const rpc::Channel channel_;
  const MethodTarget* const target_;
  const ConversationOptions options_;
  const bool at_terminal_;
  ConversationEnd end_;
};

}  // namespace cli
