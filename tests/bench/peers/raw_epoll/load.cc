// The client of raw_epoll, and of every server that echoes in frames of one size.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/measure/descriptors.h"
#include "tests/bench/measure/load_options.h"
#include "tests/bench/peers/raw/flow.h"
#include "tests/bench/peers/raw/request.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

class Client {
 public:
  Client(const LoadOptions& options, RawLoad* load) : options_(options), load_(load) {
    for (int64_t i = 0; i < options.connections; ++i) Connect();
  }

  void Run() {
    for (Connection& connection : connections_) {
      Send(&connection, connection.flow.Begin(static_cast<size_t>(options_.in_flight)));
    }
    std::vector<epoll_event> events(1'024);
    while (load_->open > 0) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                               options_.busy_poll_us > 0 ? 0 : -1);
      for (int i = 0; i < n; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        Handle(&connections_[event.data.u64], event.events);
      }
    }
  }

 private:
  struct Connection {
    Connection(size_t place, int fd, RawLoad* load) : place(place), fd(fd), flow(load) {}
    size_t place;
    int fd;
    Flow flow;
    std::string waiting;  // what the server does not take yet
  };

  void Connect() {
    const int fd = ConnectTo(options_.server, options_.congestion);
    SetNonBlocking(fd);
    connections_.emplace_back(connections_.size(), fd, load_);
    Watch(connections_.size() - 1, EPOLLIN, EPOLL_CTL_ADD);
  }

  void Handle(Connection* connection, uint32_t events) {
    if (events & EPOLLOUT) Flush(connection);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    const ssize_t n = recv(connection->fd, space_.data(), space_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) GiveUp("the connection was lost");
    Send(connection, connection->flow.Begin(connection->flow.Received(static_cast<size_t>(n))));
  }

  void Send(Connection* connection, std::string_view bytes) {
    if (bytes.empty()) return;
    if (connection->waiting.empty()) bytes = SendSome(connection->fd, bytes);
    if (bytes.empty()) return;
    if (connection->waiting.empty()) Watch(connection->place, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    connection->waiting += bytes;
  }

  void Flush(Connection* connection) {
    connection->waiting = std::string(SendSome(connection->fd, connection->waiting));
    if (connection->waiting.empty()) Watch(connection->place, EPOLLIN, EPOLL_CTL_MOD);
  }

  // Returns the rest.
  static std::string_view SendSome(int fd, std::string_view bytes) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) GiveUp("cannot send");
    return bytes.substr(n > 0 ? static_cast<size_t>(n) : 0);
  }

  void Watch(size_t place, uint32_t events, int operation) {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = place;
    epoll_ctl(epoll_, operation, connections_[place].fd, &event);
  }

  const LoadOptions& options_;
  RawLoad* const load_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::deque<Connection> connections_;
  std::string space_ = std::string(1 << 18, ' ');
};

void RunStream(const LoadOptions& options) {
  const int fd = ConnectTo(options.server, options.congestion);
  Meter meter(options);
  StreamFlow flow(&meter, 1'024);
  std::string space(1 << 18, ' ');
  const auto count = static_cast<uint64_t>(options.count);
  bool more = true;
  while (more) {
    const ssize_t n = recv(fd, space.data(), space.size(), 0);
    if (n <= 0) GiveUp("the connection was lost");
    more = flow.Received(static_cast<size_t>(n)) && (count == 0 || flow.total() < count);
  }
  std::puts(meter.Result("raw_epoll").c_str());
}

void RunEcho(const LoadOptions& options) {
  const std::string request = RequestFrame(options);
  RawLoad load(options, request, LearnReplySize(options, request));
  Client(options, &load).Run();
  std::puts(load.meter.Result("raw_epoll").c_str());
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::LoadOptions options;
  const int code = bench::ReadLoadOptions(argc, argv, {"echo", "stream"}, &options);
  if (code >= 0) return code;
  bench::RaiseDescriptorLimit();
  options.workload == "stream" ? bench::RunStream(options) : bench::RunEcho(options);
}
