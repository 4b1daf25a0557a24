#include "rpc/process.h"

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "rpc/net/loop.h"

namespace rpc {

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const ProcessOptions& options) {
  net::Loop* const loop = net::Loop::Current();
  if (loop == nullptr) throw std::logic_error("a process is started on a thread that has a loop");
  std::unique_ptr<Process> process(new Process);
  absl::StatusOr<std::unique_ptr<net::Process>> started = net::Process::Start(
      loop, options, [p = process.get()](ProcessExit exit) { p->OnExit(exit); });
  if (!started.ok()) return started.status();
  process->process_ = *std::move(started);
  net::Process::Pipes pipes = process->process_->TakePipes();
  process->in_.emplace(std::move(pipes.in));
  process->out_.emplace(std::move(pipes.out));
  process->err_.emplace(std::move(pipes.err));
  return process;
}

ssize_t Process::WriteInput(std::string_view bytes) {
  if (in_.has_value()) return net::WriteToPipe(in_->fd(), bytes);
  errno = EPIPE;
  return -1;
}

void Process::OnExit(ProcessExit exit) {
  exit_ = exit;
  for (Awaiter* waiter : std::exchange(waiters_, {})) waiter->Wake();
}

void Process::Awaiter::Listen() {
  if (process_->exit_.has_value()) return Wake();
  process_->waiters_.push_back(this);
}

void Process::Awaiter::Leave() { std::erase(process_->waiters_, this); }

}  // namespace rpc
