#include "services/terminal/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "services/terminal/signal_actions.h"

namespace terminal {

struct Signals::Pipe {
  Pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("no pipe for signals");
    output = rpc::Descriptor(fds[0]);
    input = rpc::Descriptor(fds[1]);
  }

  rpc::Descriptor output;
  rpc::Descriptor input;
};

Signals::Signals(std::unique_ptr<Pipe> pipe)
    : told_(std::move(pipe->input)), heard_(std::move(pipe->output)) {}

Signals::Signals(std::initializer_list<int> numbers) : Signals(std::make_unique<Pipe>()) {
  for (const int number : numbers) {
    AwaitSignal(number, told_.get());
    numbers_.push_back(number);
  }
}

Signals::~Signals() {
  for (const int number : numbers_) AwaitSignalNoMore(number);
}

rpc::Task<absl::StatusOr<int>> Signals::Next() {
  for (;;) {
    const absl::Status ready = co_await heard_.Readable();
    if (!ready.ok()) co_return ready;
    unsigned char number = 0;
    const ssize_t size = read(heard_.fd(), &number, 1);
    if (size == 1) co_return static_cast<int>(number);
  }
}

}  // namespace terminal
