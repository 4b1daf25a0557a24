// The server program and the signals that end it, with calls under way.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/end_to_end/echo_fixture.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

// tsan may keep a signal that comes just before a thread sleeps for itself, until the next one.
#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadsAreWatched = true;
#else
constexpr bool kThreadsAreWatched = false;
#endif
constexpr absl::Duration kKept = absl::Seconds(5);

// examples/server in a process of its own.
class ServerProcess {
 public:
  explicit ServerProcess(const std::string& threads = "--threads=2") {
    int out[2];
    EXPECT_EQ(pipe(out), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    std::string program = "examples/server";
    std::string listen = "--listen=tcp://127.0.0.1:0";
    std::string threads_flag = threads;
    char* arguments[] = {program.data(), listen.data(), threads_flag.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    address_ = ReadAddress(out[0]);
    close(out[0]);
  }
  ~ServerProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    (void)ExitCode();
  }

  const std::string& address() const { return address_; }
  void Signal(int number) {
    kill(pid_, number);
    signal_ = number;
  }

  // Waits for its end; -1 when a signal killed it.
  int ExitCode() {
    int status = 0;
    if (kThreadsAreWatched && !Eventually([this] { return HasEnded(); }, kKept)) {
      kill(pid_, signal_);
    }
    EXPECT_EQ(waitpid(std::exchange(pid_, 0), &status, 0) > 0, true);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  bool HasEnded() const {
    siginfo_t ended = {};
    const int options = WEXITED | WNOWAIT | WNOHANG;
    return waitid(P_PID, static_cast<id_t>(pid_), &ended, options) == 0 && ended.si_pid != 0;
  }

  static std::string ReadAddress(int fd) {
    std::string line;
    char c;
    while (read(fd, &c, 1) == 1 && c != '\n') line.push_back(c);
    constexpr std::string_view kBefore = "listening on ";
    EXPECT_TRUE(absl::StartsWith(line, "listening on ")) << line;
    return line.substr(std::min(line.size(), kBefore.size()));
  }

  pid_t pid_ = 0;
  int signal_ = 0;  // the last
  std::string address_;
};

// How the calls of many coroutines went, that go on until the server takes no more.
struct Tally {
  int ok = 0;
  int turned_away = 0;  // by a server that had said that it drains, or that was gone
  std::vector<std::string> lost;
};

Task<void> CallUntilTurnedAway(const echo::Echo::Client& echo, Tally* tally,
                               const std::function<void()>& after_each) {
  while (tally->turned_away == 0) {
    absl::StatusOr<echo::SayReply> reply = co_await echo.Say(Saying("x"));
    if (reply.ok()) {
      ++tally->ok;
    } else if (absl::StrContains(reply.status().message(), "draining") ||
               absl::StrContains(reply.status().message(), "refused")) {
      ++tally->turned_away;
    } else {
      tally->lost.push_back(reply.status().ToString());
    }
    after_each();
  }
}

TEST(Signals, TerminateUnderLoadLosesNoAcceptedCall) {
  ServerProcess server;
  const echo::Echo::Client echo{Channel(server.address(), {.connections = 8})};
  Tally tally;
  bool signalled = false;
  rpc::Run([&]() -> Task<void> {
    const std::function<void()> after_each = [&] {
      if (tally.ok >= 5'000 && !std::exchange(signalled, true)) server.Signal(SIGTERM);
    };
    std::vector<Task<void>> callers;
    for (int i = 0; i < 200; ++i) callers.push_back(CallUntilTurnedAway(echo, &tally, after_each));
    co_await WhenAll(std::move(callers));
  });
  EXPECT_GE(tally.ok, 5'000);
  EXPECT_TRUE(tally.lost.empty()) << tally.lost.size() << " lost: " << tally.lost.front();
  EXPECT_EQ(server.ExitCode(), 0);
}

TEST(Signals, OpenCallsFinishAfterATerminate) {
  ServerProcess server;
  const echo::Echo::Client echo{Channel(server.address())};
  auto slow = echo.Sleep(SleepFor(300));
  ASSERT_TRUE(echo.Say(Saying("x")).Wait().ok());  // the slow one is under way
  server.Signal(SIGTERM);
  const auto reply = std::move(slow).Wait();
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(server.ExitCode(), 0);
}

TEST(Signals, ASecondSignalEndsItAtOnce) {
  ServerProcess server;
  const echo::Echo::Client echo{Channel(server.address())};
  auto endless = echo.Sleep(SleepFor(60'000), {.timeout = absl::InfiniteDuration()});
  ASSERT_TRUE(echo.Say(Saying("x")).Wait().ok());
  const absl::Time begin = absl::Now();
  server.Signal(SIGINT);
  // Two of them at once are one: it has heard the first when nobody can connect any more.
  EXPECT_TRUE(Eventually(
      [&] { return !echo::Echo::Client(Channel(server.address())).Say(Saying("x")).Wait().ok(); }));
  server.Signal(SIGINT);
  EXPECT_TRUE(absl::IsUnavailable(std::move(endless).Wait().status()));
  EXPECT_EQ(server.ExitCode(), 1);  // a call was cut
  EXPECT_LT(absl::Now() - begin, kThreadsAreWatched ? 3 * kKept : absl::Seconds(5));
}

TEST(Signals, AnIdleServerEndsSoon) {
  ServerProcess server("--threads=1");
  const absl::Time begin = absl::Now();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.ExitCode(), 0);
  EXPECT_LT(absl::Now() - begin, kThreadsAreWatched ? 2 * kKept : absl::Seconds(2));
}

TEST(Signals, AHangupIsATerminateWhereThereAreNoCertificates) {
  ServerProcess server;
  server.Signal(SIGHUP);
  EXPECT_EQ(server.ExitCode(), 0);
}

TEST(Signals, AHangupThatIsIgnoredFromTheStartStaysSo) {
  signal(SIGHUP, SIG_IGN);
  ServerProcess server;
  signal(SIGHUP, SIG_DFL);
  server.Signal(SIGHUP);
  const echo::Echo::Client echo{Channel(server.address())};
  EXPECT_TRUE(echo.Say(Saying("x")).Wait().ok());
  server.Signal(SIGTERM);
  EXPECT_EQ(server.ExitCode(), 0);
}

TEST(Signals, AKilledServersCallsEndUnavailable) {
  ServerProcess server;
  const echo::Echo::Client echo{Channel(server.address())};
  auto open = echo.Sleep(SleepFor(60'000), {.timeout = absl::Seconds(20)});
  ASSERT_TRUE(echo.Say(Saying("x")).Wait().ok());
  server.Signal(SIGKILL);
  EXPECT_TRUE(absl::IsUnavailable(std::move(open).Wait().status()));
  EXPECT_EQ(server.ExitCode(), -1);
}

}  // namespace
}  // namespace rpc
