#include "rpc/net/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/net/session_kill.h"
#include "rpc/wire/bytes_as_text.h"

namespace rpc::net {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", wire::Printable(text, 200), "\"");
}

// A pipe: the child's end blocks, as programs expect it, and ours does not.
struct Pipe {
  Descriptor ours;
  Descriptor of_child;
};

constexpr int kPipeReadEnd = 0;
constexpr int kPipeWriteEnd = 1;

// False when there are no descriptors left; errno says so.
bool OpenPipe(int our_end, Pipe* pipe) {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe->ours = Descriptor(ends[our_end]);
  pipe->of_child = Descriptor(ends[1 - our_end]);
  return fcntl(pipe->ours.get(), F_SETFL, O_NONBLOCK) == 0;
}

struct ThreePipes {
  Pipe in, out, err;

  bool Open() {
    return OpenPipe(kPipeWriteEnd, &in) && OpenPipe(kPipeReadEnd, &out) &&
           OpenPipe(kPipeReadEnd, &err);
  }
};

// What the system takes: pointers into strings, with a null behind them.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& each : strings) pointers.push_back(const_cast<char*>(each.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Arguments(const ProcessOptions& options) {
  std::vector<std::string> all = {options.name.empty() ? options.command : options.name};
  all.insert(all.end(), options.arguments.begin(), options.arguments.end());
  return all;
}

// Whether another value of the variable is among `others`: what stands there twice means one thing
// to one program, and another to the next.
bool IsReplaced(std::string_view variable, const std::vector<std::string>& others) {
  const std::string_view name = variable.substr(0, variable.find('='));
  return std::ranges::any_of(
      others, [name](std::string_view other) { return other.substr(0, other.find('=')) == name; });
}

std::vector<std::string> Environment(const ProcessOptions& options) {
  std::vector<std::string> all;
  if (options.inherits_environment) {
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
      if (!IsReplaced(*each, options.environment)) all.push_back(*each);
    }
  }
  all.insert(all.end(), options.environment.begin(), options.environment.end());
  return all;
}

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

bool IsVariable(const std::string& text) {
  const size_t equals = text.find('=');
  return equals != std::string::npos && equals > 0;
}

absl::Status CheckOptions(const ProcessOptions& options) {
  if (options.command.empty()) return absl::InvalidArgumentError("no command was named");
  if (HasNul(options.command) || HasNul(options.name) || HasNul(options.directory) ||
      std::ranges::any_of(options.arguments, HasNul) ||
      std::ranges::any_of(options.environment, HasNul)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot run ", Quoted(options.command),
                     ": a zero byte stands in the command, its arguments, environment or "
                     "directory"));
  }
  const auto bad = std::ranges::find_if_not(options.environment, IsVariable);
  if (bad != options.environment.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a variable of the environment is NAME=value, not ", Quoted(*bad)));
  }
  return absl::OkStatus();
}

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case E2BIG:
      return absl::StatusCode::kInvalidArgument;
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kFailedPrecondition;
  }
}

// 0, or why no process can start there.
int DirectoryError(const std::string& directory) {
  if (directory.empty()) return 0;
  struct stat found = {};
  if (stat(directory.c_str(), &found) != 0) return errno;
  if (!S_ISDIR(found.st_mode)) return ENOTDIR;
  return access(directory.c_str(), X_OK) == 0 ? 0 : errno;
}

// The system tells one number for both: which of the two was it?
absl::Status SpawnError(int error_number, const ProcessOptions& options) {
  const int directory_error = DirectoryError(options.directory);
  if (directory_error != 0) {
    return absl::Status(CodeOf(directory_error),
                        absl::StrCat("cannot run a command in ", Quoted(options.directory), ": ",
                                     SystemReason(directory_error)));
  }
  return absl::Status(CodeOf(error_number), absl::StrCat("cannot run ", Quoted(options.command),
                                                         ": ", SystemReason(error_number)));
}

uv_stdio_container_t Inherited(const Descriptor& descriptor) {
  uv_stdio_container_t container = {};
  container.flags = UV_INHERIT_FD;
  container.data.fd = descriptor.get();
  return container;
}

}  // namespace

// Freed by libuv, when the process is reaped and its owner gone.
struct Process::Child {
  uv_process_t handle = {};
  Loop* loop = nullptr;  // of the owner: null when that is gone
  std::function<void(ProcessExit)> on_exit = {};
  pid_t pid = 0;
  bool runs = false;

  int Spawn(const ProcessOptions& options, const ThreePipes& pipes);
  void OnExit(ProcessExit exit);
  void Signal(int number) {
    if (runs && number == SIGKILL) return KillSession(pid);
    if (runs) kill(-pid, number);
  }
  void Close() {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle),
             [](uv_handle_t* closed) { delete static_cast<Child*>(closed->data); });
  }
};

int Process::Child::Spawn(const ProcessOptions& options, const ThreePipes& pipes) {
  const std::vector<std::string> arguments = Arguments(options);
  const std::vector<std::string> environment = Environment(options);
  std::vector<char*> argument_pointers = Pointers(arguments);
  std::vector<char*> environment_pointers = Pointers(environment);
  std::array<uv_stdio_container_t, 3> standard = {
      Inherited(pipes.in.of_child), Inherited(pipes.out.of_child), Inherited(pipes.err.of_child)};

  uv_process_options_t spawn = {};
  spawn.file = options.command.c_str();
  spawn.args = argument_pointers.data();
  spawn.env = environment_pointers.data();
  spawn.cwd = options.directory.empty() ? nullptr : options.directory.c_str();
  spawn.flags = UV_PROCESS_DETACHED;
  spawn.stdio = standard.data();
  spawn.stdio_count = static_cast<int>(standard.size());
  spawn.exit_cb = [](uv_process_t* process, int64_t code, int signal) {
    static_cast<Child*>(process->data)->OnExit({static_cast<int>(code), signal});
  };
  handle.data = this;
  const int failed = uv_spawn(loop->uv(), &handle, &spawn);
  runs = failed == 0;
  pid = handle.pid;
  return -failed;
}

void Process::Child::OnExit(ProcessExit exit) {
  // The leader was reaped a moment ago, so its number can't have come round again by now. Later it
  // might have: this is the last signal. Who exits by itself may mean to leave others running
  // elsewhere; who is killed had no say.
  if (exit.signal != 0) KillSession(pid);
  kill(-pid, SIGKILL);
  runs = false;
  if (loop == nullptr) return Close();
  const Loop::Turn turn(loop);
  // Its owner may go, and this with it.
  const std::function<void(ProcessExit)> tell = std::move(on_exit);
  tell(exit);
}

absl::StatusOr<std::unique_ptr<Process>> Process::Start(Loop* loop, const ProcessOptions& options,
                                                        std::function<void(ProcessExit)> on_exit) {
  if (absl::Status s = CheckOptions(options); !s.ok()) return s;
  ThreePipes pipes;
  if (!pipes.Open()) return SpawnError(errno, options);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);

  std::unique_ptr<Process> process(new Process);
  process->child_ = new Child;
  process->child_->loop = loop;
  process->child_->on_exit = std::move(on_exit);
  const int failed = process->child_->Spawn(options, pipes);
  if (failed != 0) return SpawnError(failed, options);
  process->pipes_ = {std::move(pipes.in.ours), std::move(pipes.out.ours),
                     std::move(pipes.err.ours)};
  return process;
}

Process::~Process() {
  child_->Signal(SIGKILL);
  child_->loop = nullptr;
  child_->on_exit = nullptr;
  if (!child_->runs) child_->Close();
}

pid_t Process::pid() const { return child_->pid; }

void Process::Signal(int number) { child_->Signal(number); }

ssize_t WriteToPipe(int fd, std::string_view bytes) {
  sigset_t broken_pipe, before, pending;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const ssize_t size = write(fd, bytes.data(), bytes.size());
  const int error_number = errno;
  if (size < 0 && error_number == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once = {};
    sigtimedwait(&broken_pipe, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error_number;
  return size;
}

}  // namespace rpc::net
