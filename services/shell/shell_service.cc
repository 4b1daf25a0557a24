#include "services/shell/shell_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "services/shell/plan.h"
#include "services/shell/running.h"
#include "services/shell/token.h"

namespace shell {

// One of the commands that may run at once. It counts until its call has ended: the pipes are there
// for what is not sent yet.
class ShellService::Place {
 public:
  Place(std::atomic<size_t>* running, size_t running_max) : running_(running) {
    taken_ = running_->fetch_add(1) < running_max;
    if (!taken_) running_->fetch_sub(1);
  }
  ~Place() {
    if (taken_) running_->fetch_sub(1);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  bool taken() const { return taken_; }

 private:
  std::atomic<size_t>* const running_;
  bool taken_ = false;
};

ShellService::ShellService(const ShellOptions& options)
    : options_(options), usable_(CheckOptions(options)) {}

absl::Status ShellService::Check(const rpc::ServerContext& context) const {
  if (usable_.ok()) return CheckToken(context.metadata(), options_.token);
  return absl::FailedPreconditionError(
      absl::StrCat("this server's shell is not set up: ", usable_.message()));
}

rpc::Task<> ShellService::Run(rpc::ServerContext& context, rpc::Stream<Input, Output>& stream) {
  absl::Status allowed = Check(context);
  if (!allowed.ok()) co_return allowed;
  const Input* first = co_await stream.Read();
  if (first == nullptr || !first->has_command()) {
    const absl::Status status = stream.status();
    co_return status.ok() ? absl::InvalidArgumentError("the first message names the command")
                          : status;
  }
  auto plan = [this, first] { return Plan(options_, first->command()); };
  absl::StatusOr<rpc::ProcessOptions> planned = co_await rpc::Blocking(plan);
  if (!planned.ok()) co_return planned.status();

  Place place(&running_, options_.processes_max);
  if (!place.taken()) {
    co_return absl::ResourceExhaustedError(absl::StrCat(
        "as many commands run already as this server runs at once: ", options_.processes_max));
  }
  absl::StatusOr<std::unique_ptr<rpc::Process>> process = rpc::Process::Start(*planned);
  if (!process.ok()) co_return process.status();
  Running running(options_, process->get(), &stream);
  co_return co_await running.Complete();
}

rpc::Task<> ShellService::Describe(rpc::ServerContext& context, const DescribeRequest& request,
                                   Description& reply) {
  absl::Status allowed = Check(context);
  if (!allowed.ok()) co_return allowed;
  auto find = [this, &request] { return FindDirectory(options_, request.directory()); };
  absl::StatusOr<std::string> directory = co_await rpc::Blocking(find);
  if (!directory.ok()) co_return directory.status();
  reply.set_directory(*directory);
  std::vector<std::string> commands = options_.commands;
  std::ranges::sort(commands);
  for (std::string& command : commands) reply.add_commands(std::move(command));
  reply.set_shell_allowed(IsShellAllowed(options_));
  co_return absl::OkStatus();
}

}  // namespace shell
