#include "tests/attacks/attacked_server.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <type_traits>
#include <utility>

#include "gtest/gtest.h"
#include "services/echo/echo_service.h"
#include "services/interop/interop_service.h"
#include "tests/net/tls_pair.h"
#include "tests/support/eventually.h"

extern char** environ;

namespace rpc::attacks {
namespace {

static_assert(std::is_trivially_copyable_v<ServerPlan>);
static_assert(std::is_trivially_copyable_v<Figures>);

// How often the heap is looked at.
constexpr int kLookMs = 10;

// Until what should become so has not: on a machine that has other things to do.
constexpr absl::Duration kPatience = absl::Seconds(Sanitized(60, 200));

template <typename Value>
bool ReadValue(int fd, Value* value) {
  char* at = reinterpret_cast<char*>(value);
  for (size_t done = 0; done < sizeof(Value);) {
    const ssize_t size = read(fd, at + done, sizeof(Value) - done);
    if (size <= 0) return false;
    done += static_cast<size_t>(size);
  }
  return true;
}

template <typename Value>
bool WriteValue(int fd, const Value& value) {
  return write(fd, &value, sizeof(value)) == static_cast<ssize_t>(sizeof(value));
}

std::pair<net::Descriptor, net::Descriptor> Pipe() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  return {net::Descriptor(ends[0]), net::Descriptor(ends[1])};
}

// This program once more.
pid_t StartProcess(int orders, int answers) {
  const net::TlsOptions files = net::TlsTestFiles::Get().Server();
  std::string arguments[] = {"attacked_server", "--serve", files.certificate_file, files.key_file};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                  arguments[3].data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, orders, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, answers, STDOUT_FILENO);
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

uint16_t PortOf(const std::string& address) {
  return static_cast<uint16_t>(std::atoi(address.c_str() + address.rfind(':') + 1));
}

}  // namespace

// In the child.
class AttackedServer::Process {
 public:
  Process(const ServerPlan& plan, const net::Tls& tls) : server_(plan.options) {
    server_.Add(std::make_shared<echo::EchoService>());
    server_.Add(std::make_shared<interop::InteropService>());
    server_.Use([this](ServerContext&, Next next) { return Count(next); });
    status_.Update(server_.Listen("tcp://127.0.0.1:0"));
    status_.Update(server_.Listen("tls://127.0.0.1:0", {.tls = &tls}));
    status_.Update(server_.Listen("udp://127.0.0.1:0", {.datagrams = plan.datagrams}));
    status_.Update(server_.Start());
  }

  const absl::Status& status() const { return status_; }

  Ports ports() const {
    const std::vector<std::string> addresses = server_.addresses();
    return {PortOf(addresses[0]), PortOf(addresses[1]), PortOf(addresses[2])};
  }

  // Until the test has closed its side.
  void Obey() {
    for (;;) {
      pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
      const bool ordered = poll(&input, 1, kLookMs) > 0;
      heap_size_max_ = std::max(heap_size_max_, HeapSize());
      if (ordered && !ObeyOne()) return;
    }
  }

 private:
  // A cancelled handler's frame is destroyed where it stands.
  struct Running {
    explicit Running(std::atomic<uint64_t>* count) : count(count) { ++*count; }
    ~Running() { --*count; }
    std::atomic<uint64_t>* count;
  };

  Task<> Count(Next next) {
    ++begun_;
    const Running running(&running_);
    co_return co_await next();
  }

  bool ObeyOne() {
    Order order;
    if (!ReadValue(STDIN_FILENO, &order)) return false;
    if (order == Order::kMeasure) {
      ForgetRssSizeMax();
      heap_size_max_ = HeapSize();
    }
    return WriteValue(STDOUT_FILENO, figures());
  }

  Figures figures() const {
    return {.heap_size = HeapSize(),
            .heap_size_max = heap_size_max_,
            .rss_size = RssSize(),
            .rss_size_max = RssSizeMax(),
            .cpu_us = CpuOfOthersUs(),
            .waited_us = WaitedOfOthersUs(),
            .handlers_begun = begun_,
            .handlers_running = running_,
            .counters = server_.counters()};
  }

  std::atomic<uint64_t> begun_ = 0;
  std::atomic<uint64_t> running_ = 0;
  int64_t heap_size_max_ = 0;
  absl::Status status_;
  Server server_;
};

int AttackedServer::Serve(const char* certificate_file, const char* key_file) {
  ServerPlan plan;
  if (!ReadValue(STDIN_FILENO, &plan)) return 1;
  const auto tls = net::Tls::Server({.certificate_file = certificate_file, .key_file = key_file});
  if (!tls.ok()) return Fail(tls.status());
  Process process(plan, *tls);
  if (!process.status().ok()) return Fail(process.status());
  if (!WriteValue(STDOUT_FILENO, process.ports())) return 1;
  process.Obey();
  return 0;
}

AttackedServer::AttackedServer(const session::Limits& limits)
    : AttackedServer(ServerPlan{.options = {.limits = limits}}) {}

AttackedServer::AttackedServer(const ServerPlan& plan) {
  auto [orders_end, orders] = Pipe();
  auto [answers, answers_end] = Pipe();
  pid_ = StartProcess(orders_end.get(), answers_end.get());
  orders_ = std::move(orders);
  answers_ = std::move(answers);
  answers_end = net::Descriptor();  // so that the child's end is seen
  EXPECT_TRUE(WriteValue(orders_.get(), plan));
  EXPECT_TRUE(ReadValue(answers_.get(), &ports_)) << "the server has not started";
}

AttackedServer::~AttackedServer() {
  orders_ = net::Descriptor();
  int status = -1;
  waitpid(pid_, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "the server has not ended well: wait status " << status;
}

bool AttackedServer::Eventually(const std::function<bool(const Figures&)>& condition) {
  return rpc::Eventually([&] { return condition(figures()); }, kPatience);
}

Figures AttackedServer::figures() const {
  Figures figures;
  EXPECT_TRUE(WriteValue(orders_.get(), Order::kFigures) && ReadValue(answers_.get(), &figures))
      << "the server is gone";
  return figures;
}

void AttackedServer::BeginMeasuring() {
  Figures figures;
  EXPECT_TRUE(WriteValue(orders_.get(), Order::kMeasure) && ReadValue(answers_.get(), &figures))
      << "the server is gone";
}

}  // namespace rpc::attacks
