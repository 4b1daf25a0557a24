// Echoes bytes over epoll, unread: what the system alone costs.
//
// With --stream it sends messages of 1 KiB, a write each, to whoever connects.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/bench/measure/payload.h"
#include "tests/bench/measure/server_options.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

constexpr size_t kStreamMessageSize = 1'024;

class Server {
 public:
  Server(int listener, bool stream, bool spin)
      : listener_(listener), stream_(stream), spin_(spin), space_(1 << 18, ' ') {
    SetNonBlocking(listener);
    Watch(listener, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void Run() {
    std::vector<epoll_event> events(1'024);
    for (;;) {
      const int n =
          epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), spin_ ? 0 : -1);
      for (int i = 0; i < n; ++i) Handle(events[static_cast<size_t>(i)]);
    }
  }

 private:
  void Handle(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_) return Accept();
    if (event.events & EPOLLOUT) Flush(fd);
    if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Read(fd);
  }

  void Accept() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      SetNoDelay(fd);
      Watch(fd, stream_ ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void Read(int fd) {
    const ssize_t n = recv(fd, space_.data(), space_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return Close(fd);
    Send(fd, space_.data(), static_cast<size_t>(n));
  }

  void Send(int fd, const char* bytes, size_t size) {
    const auto waiting = waiting_.find(fd);
    if (waiting != waiting_.end()) {
      waiting->second.append(bytes, size);
      return;
    }
    const ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return;
    const size_t sent = n > 0 ? static_cast<size_t>(n) : 0;
    if (sent == size) return;
    waiting_[fd].assign(bytes + sent, size - sent);
    Watch(fd, EPOLLOUT, EPOLL_CTL_MOD);  // reads nothing until the client has taken it
  }

  void Flush(int fd) {
    if (stream_) return SendMessages(fd);
    std::string& waiting = waiting_[fd];
    const ssize_t n = send(fd, waiting.data(), waiting.size(), MSG_NOSIGNAL);
    if (n > 0) waiting.erase(0, static_cast<size_t>(n));
    if (!waiting.empty()) return;
    waiting_.erase(fd);
    Watch(fd, EPOLLIN, EPOLL_CTL_MOD);
  }

  void SendMessages(int fd) {
    std::string& rest = waiting_[fd];
    for (;;) {
      const std::string& message = rest.empty() ? message_ : rest;
      const ssize_t n = send(fd, message.data(), message.size(), MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN ? void() : Close(fd);
      rest = message.substr(static_cast<size_t>(n));
    }
  }

  void Close(int fd) {
    waiting_.erase(fd);
    close(fd);
  }

  void Watch(int fd, uint32_t events, int operation) {
    epoll_event event = {};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  const int listener_;
  const bool stream_;
  const bool spin_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::string space_;
  const std::string message_ = Payload(kStreamMessageSize);
  std::unordered_map<int, std::string> waiting_;  // what a client does not take yet
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::ServerOptions options;
  if (const int code = bench::ReadServerOptions(argc, argv, "raw_epoll", &options); code >= 0) {
    return code;
  }
  const int listener = bench::ListenOn(&options.listen, options.congestion);
  bench::SayListening(options.listen);
  bench::Server(listener, options.stream, options.busy_poll_us > 0).Run();
}
