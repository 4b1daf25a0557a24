// Child processes, each the leader of a process group of its own.
//
//     ProcessOptions options = {.command = "ls", .arguments = {"-l"}};
//     auto process = Process::Start(loop, options, [](ProcessExit exit) { ... });
//     (*process)->TakePipes();                  // its standard input, output and error
//     (*process)->Signal(SIGTERM);              // to the whole group
//
// A process never outlives its owner, nor its group the process: the group is killed when the
// Process is destroyed, and what is left of it when the leader has exited. Who has left the group
// but not the session, as `timeout` does, is killed too, unless the leader exits by itself; only
// who has a session of its own (setsid) escapes that.
//
// Threads: the loop's. Several loops of a program may have processes. Lifetime: a Process may be
// destroyed at any time, also within on_exit; the loop reaps the child later, and does not end
// before it has.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket.h"

namespace rpc::net {

// What is to run, and in which surroundings.
struct ProcessOptions {
  // A path, or a name without a slash, which is looked up in the PATH of `environment`.
  std::string command = {};
  // What it is told that it is called, and calls itself in its messages; empty: as `command`.
  std::string name = {};
  std::vector<std::string> arguments = {};  // without the command itself

  // The whole of it, each as NAME=value; beside what the program itself has of other names, if that
  // is inherited.
  std::vector<std::string> environment = {};
  bool inherits_environment = false;

  // Where it starts; empty: where the program is.
  std::string directory = {};
};

// How a process ended: `code` when it exited by itself, else the signal that killed it.
struct ProcessExit {
  int code = 0;
  int signal = 0;  // 0: none
};

class Process {
 public:
  // The ends of its pipes that are kept here, non-blocking.
  struct Pipes {
    Descriptor in = {};   // to write to
    Descriptor out = {};  // to read from
    Descriptor err = {};
  };

  // `on_exit` comes once, in a later turn. The error says what could not be run, or where, and why:
  // NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT for what no process can be given,
  // RESOURCE_EXHAUSTED when the system has no more processes, descriptors or memory.
  //
  // The child has the three pipes and no other descriptor: every other of this program is marked
  // close-on-exec now. It begins with default signal handlers and none blocked.
  static absl::StatusOr<std::unique_ptr<Process>> Start(Loop* loop, const ProcessOptions& options,
                                                        std::function<void(ProcessExit)> on_exit);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Of the leader, and of the group.
  pid_t pid() const;
  // To be called once.
  Pipes TakePipes() { return std::move(pipes_); }

  // To every process of the group; SIGKILL to every process of the session. Nothing once the leader
  // has exited.
  void Signal(int number);

 private:
  struct Child;

  Process() = default;

  Child* child_ = nullptr;
  Pipes pipes_;
};

// As write(2) to a pipe, but when nobody reads it any more there is no SIGPIPE, only EPIPE.
ssize_t WriteToPipe(int fd, std::string_view bytes);

}  // namespace rpc::net
