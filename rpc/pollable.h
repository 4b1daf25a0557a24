// A file descriptor that coroutines wait for: a pipe, a terminal, a socket of another library.
//
//     rpc::Pollable pipe{rpc::Descriptor(fd)};              // closes it at its end
//     absl::Status ready = co_await pipe.Readable();        // CANCELLED: the call is over
//     if (ready.ok()) n = read(pipe.fd(), data, size);      // does not block now
//
// Ready means that one system call will not block; an end or an error counts as ready, and that
// system call tells it. What can be watched becomes non-blocking, for everybody who shares its
// description (a terminal: the shell too). A regular file, and what else epoll cannot watch, is
// always ready. A write to a pipe that nobody reads any more raises SIGPIPE, which ends a program
// that does not ignore it.
//
// Threads: the loop on which it was made. One coroutine may wait for Readable and one for Writable
// at a time; another throws std::logic_error. Lifetime: it outlives those waits.
#pragma once

#include "rpc/net/socket.h"
#include "rpc/net/watch.h"
#include "rpc/runtime/status_wait.h"

namespace rpc {

using Descriptor = net::Descriptor;

class Pollable : private net::Watch::User {
 public:
  // Throws std::logic_error on a thread without a loop.
  explicit Pollable(Descriptor descriptor);
  ~Pollable() = default;
  Pollable(const Pollable&) = delete;
  Pollable& operator=(const Pollable&) = delete;

  int fd() const { return watch_.fd(); }

  class Awaiter final : public runtime::StatusWait {
   public:
    Awaiter(Pollable* pollable, int event) : pollable_(pollable), event_(event) {}
    ~Awaiter() { Leave(); }

   private:
    Awaiter*& place() const;
    void Listen() override;
    void Leave();
    void OnGivenUp() override { Leave(); }

    Pollable* const pollable_;
    const int event_;
  };
  using Operation = runtime::Operation<Awaiter, Pollable*, int>;

  // OK when it is so; CANCELLED when the call that the coroutine serves is over before.
  Operation Readable() { return {this, net::Watch::kReadable}; }
  Operation Writable() { return {this, net::Watch::kWritable}; }

 private:
  void OnEvents(int events) override;
  void Tell(Awaiter*& waiter);
  void WantWhatIsAwaited();

  net::Watch watch_;
  Awaiter* reader_ = nullptr;
  Awaiter* writer_ = nullptr;
};

}  // namespace rpc
