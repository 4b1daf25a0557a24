// Real children on a loop: how they end, what they are given, and that none is left behind.
#include "rpc/net/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/net/loop_fixture.h"
#include "tests/net/loop_thread.h"
#include "tests/net/process_group.h"
#include "tests/support/eventually.h"

namespace rpc::net {
namespace {

constexpr char kPath[] = "PATH=/usr/bin:/bin";

// Those from 1 to 31; 32 and 33 are the system library's own.
constexpr uint64_t kSignalsOfPrograms = 0x7fffffff;

ProcessOptions Sh(const std::string& script) {
  return {.command = "sh", .arguments = {"-c", script}, .environment = {kPath}};
}

std::string ReadToEnd(int fd) {
  fcntl(fd, F_SETFL, 0);
  std::string all;
  std::array<char, 4'096> bytes = {};
  for (ssize_t size; (size = read(fd, bytes.data(), bytes.size())) > 0;) {
    all.append(bytes.data(), static_cast<size_t>(size));
  }
  return all;
}

class ProcessTest : public LoopFixture {
 protected:
  absl::Status Start(const ProcessOptions& options) {
    absl::StatusOr<std::unique_ptr<Process>> started =
        Process::Start(loop(), options, [this](ProcessExit exit) {
          EXPECT_FALSE(exit_.has_value()) << "told twice";
          exit_ = exit;
        });
    if (!started.ok()) return started.status();
    process_ = *std::move(started);
    pipes_ = process_->TakePipes();
    pid_ = process_->pid();
    return absl::OkStatus();
  }

  ProcessExit Exit() {
    TurnUntil([this] { return exit_.has_value(); });
    return exit_.value_or(ProcessExit{-1, -1});
  }

  std::string Output(const ProcessOptions& options) {
    EXPECT_EQ(Start(options), absl::OkStatus());
    std::string output = ReadToEnd(pipes_.out.get());
    Exit();
    return output;
  }

  // Until it prints.
  void StartAndWait(const std::string& script) {
    ASSERT_EQ(Start(Sh(script)), absl::OkStatus());
    std::array<char, 3> up = {};
    fcntl(pipes_.out.get(), F_SETFL, 0);
    ASSERT_EQ(read(pipes_.out.get(), up.data(), up.size()), 3);
  }

  bool SessionIsGone() {
    return Eventually([this] { return ProcessesOfSession(pid_).empty(); });
  }

  bool GroupIsGone() {
    return Eventually([this] { return ProcessesOfGroup(pid_).empty(); });
  }

  std::unique_ptr<Process> process_;
  Process::Pipes pipes_;
  std::optional<ProcessExit> exit_;
  pid_t pid_ = 0;
};

TEST_F(ProcessTest, TellsTheExitCode) {
  ASSERT_EQ(Start(Sh("exit 7")), absl::OkStatus());
  EXPECT_EQ(Exit().code, 7);
  EXPECT_EQ(exit_->signal, 0);
}

TEST_F(ProcessTest, TellsTheSignalThatKilledIt) {
  ASSERT_EQ(Start(Sh("kill -TERM $$")), absl::OkStatus());
  EXPECT_EQ(Exit().signal, SIGTERM);
}

TEST_F(ProcessTest, HasThreePipes) {
  ASSERT_EQ(Start(Sh("read line; echo \"$line\"; echo oh >&2")), absl::OkStatus());
  ASSERT_EQ(WriteToPipe(pipes_.in.get(), "hello\n"), 6);
  EXPECT_EQ(ReadToEnd(pipes_.out.get()), "hello\n");
  EXPECT_EQ(ReadToEnd(pipes_.err.get()), "oh\n");
  Exit();
}

TEST_F(ProcessTest, HasNoOtherDescriptor) {
  // One that is meant to be inherited, and that of the directory that ls reads.
  const int inherited = open("/dev/null", O_RDONLY);
  EXPECT_EQ(Output({.command = "/bin/ls", .arguments = {"/proc/self/fd"}}), "0\n1\n2\n3\n");
  close(inherited);
}

TEST_F(ProcessTest, HasTheEnvironmentThatItIsGivenAndNoMore) {
  EXPECT_EQ(Output({.command = "/usr/bin/env", .environment = {"A=1", "B=two words"}}),
            "A=1\nB=two words\n");
}

TEST_F(ProcessTest, AVariableThatIsGivenReplacesTheInheritedOne) {
  setenv("PROCESS_TEST", "inherited", 1);
  const std::string output = Output({.command = "/usr/bin/env",
                                     .environment = {"PROCESS_TEST=given"},
                                     .inherits_environment = true});
  EXPECT_EQ(output.find("PROCESS_TEST=inherited"), std::string::npos) << output;
  EXPECT_NE(output.find("PROCESS_TEST=given\n"), std::string::npos) << output;
}

TEST_F(ProcessTest, InheritsTheEnvironmentWhenItIsToldSo) {
  setenv("PROCESS_TEST", "inherited", 1);
  const std::string output =
      Output({.command = "/usr/bin/env", .environment = {"A=1"}, .inherits_environment = true});
  EXPECT_NE(output.find("PROCESS_TEST=inherited\n"), std::string::npos);
  EXPECT_NE(output.find("A=1\n"), std::string::npos);
}

TEST_F(ProcessTest, StartsInItsDirectory) {
  EXPECT_EQ(Output({.command = "/bin/pwd", .directory = "/usr/bin/.."}), "/usr\n");
}

TEST_F(ProcessTest, BeginsWithDefaultSignals) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto handler = signal(SIGPIPE, SIG_IGN);
  const std::string output =
      Output({.command = "/bin/sed", .arguments = {"-n", "s/Sig[BI].*:.//p", "/proc/self/status"}});
  signal(SIGPIPE, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::istringstream status(output);
  uint64_t blocked_mask = 1, ignored_mask = 0;
  status >> std::hex >> blocked_mask >> ignored_mask;
  EXPECT_EQ(blocked_mask, 0u);
  EXPECT_EQ(ignored_mask & kSignalsOfPrograms, 0u) << output;
}

TEST_F(ProcessTest, IsCalledAsItIsTold) {
  const ProcessOptions sh = {.command = "/bin/sh",
                             .name = "other",
                             .arguments = {"-c", "echo $0"},
                             .environment = {kPath}};
  EXPECT_EQ(Output(sh), "other\n");
}

TEST_F(ProcessTest, IsCalledAsItsCommandByDefault) { EXPECT_EQ(Output(Sh("echo $0")), "sh\n"); }

TEST_F(ProcessTest, LeadsItsOwnGroup) {
  ASSERT_EQ(Start(Sh("sleep 1000")), absl::OkStatus());
  EXPECT_EQ(getpgid(pid_), pid_);
  EXPECT_EQ(getsid(pid_), pid_);
}

TEST_F(ProcessTest, ASignalReachesTheWholeGroup) {
  ASSERT_EQ(Start(Sh("sleep 1000 & sleep 1000; true")), absl::OkStatus());
  process_->Signal(SIGTERM);
  EXPECT_EQ(Exit().signal, SIGTERM);
  EXPECT_TRUE(GroupIsGone());
}

TEST_F(ProcessTest, TheGroupIsKilledWhenTheOwnerLetsGo) {
  StartAndWait("trap '' TERM; sleep 1000 & echo up; sleep 1000; true");
  ASSERT_GE(ProcessesOfGroup(pid_).size(), 2u);
  process_.reset();
  EXPECT_TRUE(GroupIsGone());
}

// With their deepest process in a group of its own, and the one between in another.
constexpr char kNested[] =
    "timeout 600 sh -c 'timeout 601 sh -c \"echo up; exec sleep 1000\"; :'; :";

TEST_F(ProcessTest, WhoLeftTheGroupIsKilledWhenTheOwnerLetsGo) {
  StartAndWait(kNested);
  ASSERT_GE(ProcessesOfSession(pid_).size(), 5u);
  ASSERT_LT(ProcessesOfGroup(pid_).size(), 3u);
  process_.reset();
  EXPECT_TRUE(SessionIsGone());
}

TEST_F(ProcessTest, WhoLeftTheGroupAndItsParentIsKilledWhenTheOwnerLetsGo) {
  StartAndWait("(timeout 600 sh -c 'echo up; sleep 1000; :' &); sleep 1000; :");
  process_.reset();
  EXPECT_TRUE(SessionIsGone());
}

TEST_F(ProcessTest, WhoLeftTheGroupIsKilledBySigkill) {
  StartAndWait(kNested);
  process_->Signal(SIGKILL);
  EXPECT_EQ(Exit().signal, SIGKILL);
  EXPECT_TRUE(SessionIsGone());
}

TEST_F(ProcessTest, TheSessionsOfOthersAreLeftAlone) {
  StartAndWait(kNested);
  const std::unique_ptr<Process> other = std::move(process_);
  const pid_t other_pid = pid_;
  StartAndWait(kNested);
  process_.reset();
  EXPECT_TRUE(SessionIsGone());
  EXPECT_GE(ProcessesOfSession(other_pid).size(), 5u);
}

TEST_F(ProcessTest, IsReapedAlsoAfterItsOwnerIsGone) {
  ASSERT_EQ(Start(Sh("sleep 1000")), absl::OkStatus());
  process_.reset();
  TurnUntil([this] { return kill(pid_, 0) != 0 && errno == ESRCH; });
  EXPECT_FALSE(exit_.has_value()) << "told who is gone";
}

TEST_F(ProcessTest, WhatTheLeaderLeavesBehindIsKilledWhenItExits) {
  ASSERT_EQ(Start(Sh("trap '' HUP; sleep 1000 & exit 3")), absl::OkStatus());
  EXPECT_EQ(Exit().code, 3);
  EXPECT_TRUE(GroupIsGone());
}

TEST_F(ProcessTest, MayBeDestroyedWhenItsExitIsTold) {
  std::unique_ptr<Process> process;
  bool told = false;
  process = *Process::Start(loop(), Sh("exit 0"), [&](ProcessExit) {
    process.reset();
    told = true;
  });
  TurnUntil([&] { return told; });
}

TEST_F(ProcessTest, SignalsAfterTheExitGoNowhere) {
  ASSERT_EQ(Start(Sh("exit 0")), absl::OkStatus());
  Exit();
  process_->Signal(SIGKILL);
  process_->Signal(SIGTERM);
}

TEST_F(ProcessTest, WritingToWhoDoesNotReadIsAnErrorAndNoSignal) {
  ASSERT_EQ(Start(Sh("exit 0")), absl::OkStatus());
  Exit();
  EXPECT_EQ(WriteToPipe(pipes_.in.get(), "hello"), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_F(ProcessTest, AMissingCommandIsNotFound) {
  EXPECT_EQ(Start({.command = "/no/such"}),
            absl::NotFoundError("cannot run \"/no/such\": no such file or directory"));
  EXPECT_EQ(Start({.command = "nosuch", .environment = {kPath}}),
            absl::NotFoundError("cannot run \"nosuch\": no such file or directory"));
}

TEST_F(ProcessTest, AMissingDirectoryIsToldFromAMissingCommand) {
  EXPECT_EQ(Start({.command = "/bin/ls", .directory = "/no/such"}),
            absl::NotFoundError("cannot run a command in \"/no/such\": no such file or directory"));
  EXPECT_EQ(
      Start({.command = "/bin/ls", .directory = "/etc/passwd"}),
      absl::FailedPreconditionError("cannot run a command in \"/etc/passwd\": not a directory"));
}

TEST_F(ProcessTest, WhatIsNoProgramIsRefused) {
  EXPECT_EQ(Start({.command = "/etc/passwd"}),
            absl::PermissionDeniedError("cannot run \"/etc/passwd\": permission denied"));
}

TEST_F(ProcessTest, OptionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(Start({}), absl::InvalidArgumentError("no command was named"));
  EXPECT_EQ(Start({.command = "/bin/ls", .environment = {"=x"}}).message(),
            "a variable of the environment is NAME=value, not \"=x\"");
  EXPECT_EQ(Start({.command = "/bin/ls", .arguments = {std::string("a\0b", 3)}}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ProcessTest, TooManyArgumentsAreRefused) {
  const std::vector<std::string> arguments(50, std::string(100'000, 'x'));
  EXPECT_EQ(Start({.command = "/bin/echo", .arguments = arguments}),
            absl::InvalidArgumentError("cannot run \"/bin/echo\": argument list too long"));
}

TEST(ProcessLoops, EachLoopHearsOfItsOwnChildren) {
  std::array<LoopThread, 3> loops;
  std::array<std::unique_ptr<Process>, 3> processes;
  std::array<std::atomic<int>, 3> codes = {-1, -1, -1};
  for (size_t i = 0; i < loops.size(); ++i) {
    loops[i].Do([&, i] {
      const std::string script = "exit " + std::to_string(i + 10);
      processes[i] = *Process::Start(loops[i].loop(), Sh(script),
                                     [&, i](ProcessExit exit) { codes[i] = exit.code; });
    });
  }
  for (size_t i = 0; i < loops.size(); ++i) {
    EXPECT_TRUE(Eventually([&] { return codes[i] == static_cast<int>(i) + 10; })) << i;
    loops[i].Do([&] { processes[i].reset(); });
  }
}

TEST(ProcessLoops, ALoopThatEndsHasReapedWhatItStarted) {
  pid_t pid = 0;
  {
    LoopThread loop;
    loop.Do([&] {
      auto process = *Process::Start(loop.loop(), Sh("sleep 1000"), [](ProcessExit) {});
      pid = process->pid();
    });
  }
  EXPECT_NE(kill(pid, 0), 0);
}

}  // namespace
}  // namespace rpc::net
