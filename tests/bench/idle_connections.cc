// What a connection costs that does nothing: memory of one server with many of them, over TCP.
//
//     idle_connections [--connections=10000] [--check]
//
// A child process opens plain sockets to the server in this one. Each step prints how much the
// memory of this process has grown, by connection: private dirty memory as the system counts it,
// and heap in use as malloc does. With --check it fails when a connection costs more than 1 KiB, or
// leaves something behind.
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/echo/echo.pb.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"
#include "tests/session/hand_frames.h"

namespace rpc {
namespace {

namespace hand = session::hand;

constexpr long kSizeMax = 1024;     // of a connection
constexpr long kSizeLeftMax = 100;  // of one that is gone: tables that do not shrink
constexpr int kWarmingUp = 16;      // connections that pay for what all of them share

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;  // and not a sanitizer's
#else
constexpr bool kMemoryIsOurs = true;
#endif

[[noreturn]] void GiveUp(const std::string& why) {
  std::fprintf(stderr, "idle_connections: %s: %s\n", why.c_str(), std::strerror(errno));
  std::_Exit(2);
}

// What the parent asks of the child. The same comes back when it is done.
enum class Order : int { kPort, kConnect, kHello, kCall, kStream, kLeave };

// Orders, each with a number, go over two pipes.
struct Line {
  int in;
  int out;

  void Say(Order order, int count) const {
    const int message[] = {static_cast<int>(order), count};
    if (write(out, message, sizeof(message)) != sizeof(message)) GiveUp("cannot write an order");
  }
  std::pair<Order, int> Hear() const {
    int message[2];
    if (read(in, message, sizeof(message)) != sizeof(message)) std::_Exit(0);  // the other is gone
    return {static_cast<Order>(message[0]), message[1]};
  }
};

// The child.
class Clients {
 public:
  [[noreturn]] void Obey(const Line& line) {
    for (;;) {
      const auto [order, count] = line.Hear();
      Do(order, count);
      line.Say(order, count);
    }
  }

 private:
  void Do(Order order, int count) {
    switch (order) {
      case Order::kPort:
        port_ = static_cast<uint16_t>(count);
        return;
      case Order::kConnect:
        for (int i = 0; i < count; ++i) Connect();
        return;
      case Order::kHello:
        return Send(hand::Hello());
      case Order::kCall:
        return Send(hand::Call(++call_, echo::Echo::kSay, Text<echo::SayRequest>()));
      case Order::kStream:
        ++call_;
        return Send(hand::BareCall(call_, echo::Echo::kChat) +
                    hand::Message(call_, Text<echo::Line>()) +
                    hand::Message(call_, Text<echo::Line>()) + hand::Last(call_));
      case Order::kLeave:
        return Leave();
    }
  }

  void Connect() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      GiveUp("cannot connect");
    }
    sockets_.push_back(fd);
  }

  void Send(const std::string& bytes) {
    for (const int fd : sockets_) {
      Receive(fd);
      if (send(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        GiveUp("cannot send");
      }
    }
  }

  // What the server has sent is of no interest; but closing with it unread would be a reset.
  void Receive(int fd) {
    char bytes[4096];
    while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0) continue;
  }

  void Leave() {
    for (const int fd : sockets_) {
      Receive(fd);
      close(fd);
    }
    sockets_.clear();
    call_ = 0;
  }

  template <typename Message>
  static std::string Text() {
    Message message;
    message.set_text("hello");
    return message.SerializeAsString();
  }

  uint16_t port_ = 0;
  uint64_t call_ = 0;
  std::vector<int> sockets_;
};

struct Memory {
  long dirty = 0;  // private dirty bytes
  long heap = 0;   // bytes that malloc has given out
};

Memory MemoryNow() {
  Memory memory;
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Private_Dirty:")) memory.dirty = std::atol(line.c_str() + 14) * 1024;
  }
  const struct mallinfo2 heap = mallinfo2();
  memory.heap = static_cast<long>(heap.uordblks + heap.hblkhd);
  return memory;
}

// The parent.
class Measurement {
 public:
  Measurement(Server* server, const Line& line, int connections)
      : server_(server), line_(line), connections_(connections) {}

  struct Cost {
    long open = 0;  // of a connection, at its most
    long left = 0;  // of one that is gone
  };

  Cost Run() {
    Serve(kWarmingUp);
    before_ = MemoryNow();
    std::printf("%d connections, bytes of each:\n%-28s%16s%16s\n", connections_, "",
                "private dirty", "heap in use");
    Serve(connections_, true);
    return cost_;
  }

 private:
  void Serve(int connections, bool shown = false) {
    const auto show = [&](const char* step) {
      if (shown) cost_.open = std::max(cost_.open, Show(step).dirty);
    };
    Do(Order::kConnect, connections);
    Await(
        [&] { return server_->counters().connections_open == static_cast<uint64_t>(connections); });
    show("connected");
    Do(Order::kHello, connections);
    show("after HELLO");
    for (int i = 0; i < 3; ++i) DoCalls(Order::kCall, connections);
    show("after three calls");
    for (int i = 0; i < 3; ++i) DoCalls(Order::kStream, connections);
    show("after three streams");
    Do(Order::kLeave, connections);
    Await([&] { return server_->counters().connections_open == 0; });
    if (shown) cost_.left = Show("closed").heap;
  }

  void Do(Order order, int count) {
    line_.Say(order, count);
    (void)line_.Hear();
  }

  void DoCalls(Order order, int connections) {
    calls_ += static_cast<uint64_t>(connections);
    Do(order, connections);
    Await([&] { return server_->counters().calls_ok == calls_; });
  }

  static void Await(const std::function<bool()>& done) {
    for (int i = 0; !done(); ++i) {
      if (i == 20'000) GiveUp("the server does not come to what is awaited");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    // Its counters tell it before its turn is over.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }

  // What each connection has added.
  Memory Show(const char* step) {
    const Memory now = MemoryNow();
    const Memory each = {(now.dirty - before_.dirty) / connections_,
                         (now.heap - before_.heap) / connections_};
    std::printf("%-28s%16ld%16ld\n", step, each.dirty, each.heap);
    return each;
  }

  Server* server_;
  Line line_;
  int connections_;
  uint64_t calls_ = 0;
  Memory before_;
  Cost cost_;
};

uint16_t PortOf(const std::string& address) {
  return static_cast<uint16_t>(std::atoi(address.c_str() + address.rfind(':') + 1));
}

// Both processes need a descriptor for each connection.
void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) GiveUp("cannot ask for the limit of descriptors");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) GiveUp("cannot raise the limit of descriptors");
}

// A child that obeys orders until this process closes the line or ends.
Line StartClients() {
  int orders[2];
  int answers[2];
  if (pipe(orders) != 0 || pipe(answers) != 0) GiveUp("cannot make pipes");
  const pid_t child = fork();
  if (child < 0) GiveUp("cannot make a process");
  close(orders[child == 0 ? 1 : 0]);
  close(answers[child == 0 ? 0 : 1]);
  if (child == 0) Clients().Obey({orders[0], answers[1]});
  return {answers[0], orders[1]};
}

bool Within(long size, long size_max, const char* what) {
  if (!kMemoryIsOurs || size <= size_max) return true;
  std::fprintf(stderr, "%s: %ld bytes, but at most %ld are allowed\n", what, size, size_max);
  return false;
}

int Main(int connections, bool check) {
  RaiseDescriptorLimit();
  const Line clients = StartClients();  // before there are threads
  Server server;
  server.Add(std::make_shared<echo::EchoService>());
  if (const absl::Status s = server.Listen("tcp://127.0.0.1:0"); !s.ok()) return Fail(s);
  if (const absl::Status s = server.Start(); !s.ok()) return Fail(s);
  clients.Say(Order::kPort, PortOf(server.addresses().front()));
  (void)clients.Hear();
  const Measurement::Cost cost = Measurement(&server, clients, connections).Run();
  const bool holds = Within(cost.open, kSizeMax, "a connection costs too much") &
                     Within(cost.left, kSizeLeftMax, "a closed connection leaves too much behind");
  return check && !holds ? 1 : 0;
}

}  // namespace
}  // namespace rpc

int main(int argc, char** argv) {
  int connections = 10'000;
  bool check = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--connections=")) {
      connections = std::atoi(argv[i] + 14);
    } else if (argument == "--check") {
      check = true;
    } else {
      std::fprintf(stderr, "%s is no argument; --connections=N and --check are\n", argv[i]);
      return 2;
    }
  }
  return rpc::Main(connections, check);
}
