// Runs commands for clients that hold the token. README.md tells what that means.
//
//     shell::ShellOptions options = {.commands = {"ls", "cat"}, .token = token};
//     if (absl::Status s = shell::CheckOptions(options); !s.ok()) return rpc::Fail(s);
//     server.Add(std::make_shared<shell::ShellService>(options));
//
// With options that make no sense every call is FAILED_PRECONDITION, and says why.
//
// Threads: any number of loops may call it.
#pragma once

#include <atomic>
#include <cstddef>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/shell/shell.rpc.h"
#include "services/shell/shell_options.h"

namespace shell {

class ShellService final : public Shell::Service {
 public:
  explicit ShellService(const ShellOptions& options);

  rpc::Task<> Run(rpc::ServerContext& context, rpc::Stream<Input, Output>& stream) override;
  rpc::Task<> Describe(rpc::ServerContext& context, const DescribeRequest& request,
                       Description& reply) override;

  // Commands that run now.
  size_t running() const { return running_.load(); }

 private:
  class Place;

  absl::Status Check(const rpc::ServerContext& context) const;

  const ShellOptions options_;
  const absl::Status usable_;
  std::atomic<size_t> running_ = 0;
};

}  // namespace shell
