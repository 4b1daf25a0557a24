// Runs another program, for coroutines.
//
//     auto started = rpc::Process::Start({.command = "sort", .environment = {"PATH=/usr/bin"}});
//     if (!started.ok()) co_return started.status();    // cannot run "sort": permission denied
//     rpc::Process& sort = **started;
//
//     ssize_t taken = sort.WriteInput("b");             // may take less; -1 with errno
//     sort.CloseInput();
//     absl::Status ready = co_await sort.out()->Readable();
//     ssize_t size = read(sort.out()->fd(), bytes, sizeof bytes);
//     auto exit = co_await sort.Exit();                 // CANCELLED: the call is over
//
// No shell is involved, and nothing of the program reaches the child but what the options name: no
// environment, no descriptors besides the three pipes, no signal handlers. The child leads a group
// of its own. The group is killed (SIGKILL) when the Process is destroyed, as it is when the call
// is cancelled whose handler holds it, and with it who left the group but not the session, also
// when a signal ends the command; what it leaves running in the group when it exits is killed then.
// What it had printed until then is still in the pipes: read to their end, or as much as is there
// (FIONREAD) if some process has left the group and holds on to them.
//
// A command that nobody reads from stands still when a pipe is full (64 KiB).
//
// Threads: the loop on which it was started. Lifetime: it outlives the waits for it and its pipes.
#pragma once

#include <sys/types.h>

#include <coroutine>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/process.h"
#include "rpc/pollable.h"
#include "rpc/runtime/scope.h"

namespace rpc {

using net::ProcessExit;
using net::ProcessOptions;

class Process {
 public:
  // The error says what could not be run, or where, and why: NOT_FOUND, PERMISSION_DENIED,
  // INVALID_ARGUMENT, RESOURCE_EXHAUSTED. Throws std::logic_error on a thread without a loop.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const ProcessOptions& options);
  ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Of the leader, and of the group.
  pid_t pid() const { return process_->pid(); }

  // Its standard input, null once that is closed, output and error: non-blocking pipes.
  Pollable* in() { return in_.has_value() ? &*in_ : nullptr; }
  Pollable* out() { return &*out_; }
  Pollable* err() { return &*err_; }

  // As write(2) to in(), but without SIGPIPE: how many bytes it took; or -1 and errno, which is
  // EAGAIN when the pipe is full, and EPIPE when the command does not read any more.
  ssize_t WriteInput(std::string_view bytes);
  // REQUIRES: nobody waits for in().
  void CloseInput() { in_.reset(); }

  // To every process of the group, SIGKILL to every process of the session; nothing once the
  // command has exited.
  void Signal(int number) { process_->Signal(number); }

  class Awaiter final : public runtime::Wait {
   public:
    explicit Awaiter(Process* process) : process_(process) {}
    ~Awaiter() { Leave(); }

    bool await_ready() const { return false; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> coroutine) {
      if (!Suspend(coroutine)) return false;
      Listen();
      return true;
    }

    absl::StatusOr<ProcessExit> await_resume() const {
      if (cancelled()) return absl::CancelledError("cancelled while a command ran");
      return *process_->exit_;
    }

   private:
    void Listen();
    void Leave();
    void OnGivenUp() override { Leave(); }

    Process* const process_;
  };

  class [[nodiscard]] Operation {
   public:
    explicit Operation(Process* process) : process_(process) {}
    Awaiter operator co_await() const { return Awaiter(process_); }

   private:
    Process* process_;
  };

  // How it ended. Any number of coroutines may wait for it, and ask again.
  Operation Exit() { return Operation(this); }
  // Nothing while it runs.
  const std::optional<ProcessExit>& exited() const { return exit_; }

 private:
  Process() = default;
  void OnExit(ProcessExit exit);

  std::unique_ptr<net::Process> process_;
  std::optional<Pollable> in_, out_, err_;
  std::optional<ProcessExit> exit_;
  std::vector<Awaiter*> waiters_;
};

}  // namespace rpc
