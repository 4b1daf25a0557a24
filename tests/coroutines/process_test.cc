// Programs that coroutines run: their input and output, their end, and what happens to them when
// the coroutine does not wait for that.
#include "rpc/process.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/coroutines/cancelled_call.h"
#include "tests/net/process_group.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

std::unique_ptr<Process> StartSh(const std::string& script) {
  const ProcessOptions options = {
      .command = "/bin/sh", .arguments = {"-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
  absl::StatusOr<std::unique_ptr<Process>> started = Process::Start(options);
  EXPECT_EQ(started.status(), absl::OkStatus());
  return *std::move(started);
}

// To its end.
Task<std::string> ReadAll(Pollable* pipe) {
  std::string all;
  std::array<char, 4'096> bytes = {};
  while (true) {
    const ssize_t size = read(pipe->fd(), bytes.data(), bytes.size());
    if (size == 0) break;
    if (size > 0) all.append(bytes.data(), static_cast<size_t>(size));
    if (size > 0) continue;
    absl::Status readable = co_await pipe->Readable();
    if (!readable.ok()) break;
  }
  co_return all;
}

Task<> WriteAll(Process* process, std::string bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t size = process->WriteInput(std::string_view(bytes).substr(written));
    if (size > 0) written += static_cast<size_t>(size);
    if (size > 0) continue;
    if (errno != EAGAIN) co_return absl::UnavailableError("it does not read");
    absl::Status writable = co_await process->in()->Writable();
    if (!writable.ok()) co_return writable;
  }
  process->CloseInput();
  co_return absl::OkStatus();
}

bool GroupIsGone(pid_t pid) {
  return Eventually([pid] { return net::ProcessesOfGroup(pid).empty(); });
}

TEST(ProcessTest, OutputAndExitCodeAreAwaited) {
  rpc::Run([]() -> Task<void> {
    const std::unique_ptr<Process> process = StartSh("echo out; echo err >&2; exit 3");
    auto texts = co_await WhenAll(ReadAll(process->out()), ReadAll(process->err()));
    EXPECT_EQ(std::get<0>(texts), "out\n");
    EXPECT_EQ(std::get<1>(texts), "err\n");
    absl::StatusOr<ProcessExit> exit = co_await process->Exit();
    EXPECT_EQ(exit->code, 3);
    EXPECT_EQ(exit->signal, 0);
  });
}

TEST(ProcessTest, MoreThanThePipesHoldGoesThrough) {
  rpc::Run([]() -> Task<void> {
    const std::unique_ptr<Process> process = StartSh("cat");
    const std::string much(1'000'000, 'x');
    auto both = co_await WhenAll(WriteAll(process.get(), much), ReadAll(process->out()));
    EXPECT_EQ(std::get<0>(both), absl::OkStatus());
    EXPECT_EQ(std::get<1>(both), much);
  });
}

TEST(ProcessTest, WhoDoesNotReadIsAnErrorAndNoSignal) {
  rpc::Run([]() -> Task<void> {
    const std::unique_ptr<Process> process = StartSh("exec <&-; echo closed; sleep 1000");
    (void)co_await process->out()->Readable();
    absl::Status written = co_await WriteAll(process.get(), "hello");
    EXPECT_EQ(written, absl::UnavailableError("it does not read"));
  });
}

TEST(ProcessTest, AnInputThatIsClosedTakesNothing) {
  rpc::Run([]() -> Task<void> {
    const std::unique_ptr<Process> process = StartSh("cat");
    process->CloseInput();
    EXPECT_EQ(process->in(), nullptr);
    EXPECT_EQ(process->WriteInput("x"), -1);
    EXPECT_EQ(errno, EPIPE);
    absl::StatusOr<ProcessExit> exit = co_await process->Exit();
    EXPECT_EQ(exit->code, 0);
  });
}

TEST(ProcessTest, SeveralWaitForTheEndAndMayAskAgain) {
  rpc::Run([]() -> Task<void> {
    const std::unique_ptr<Process> process = StartSh("read line; exit 4");
    EXPECT_FALSE(process->exited().has_value());
    auto close = [&process]() -> Task<> {
      process->CloseInput();
      return absl::OkStatus();
    };
    auto all = co_await WhenAll(process->Exit(), process->Exit(), close());
    EXPECT_EQ(std::get<0>(all)->code, 4);
    EXPECT_EQ(std::get<1>(all)->code, 4);
    absl::StatusOr<ProcessExit> again = co_await process->Exit();
    EXPECT_EQ(again->code, 4);
    EXPECT_EQ(process->exited()->code, 4);
  });
}

TEST(ProcessTest, AWaitForTheEndMayBeGivenUp) {
  rpc::Run([]() -> Task<void> {
    const std::unique_ptr<Process> process = StartSh("sleep 1000");
    auto first = co_await WhenAny(process->Exit(), Sleep(absl::Milliseconds(2)));
    EXPECT_EQ(first.index, 1u);
    process->Signal(SIGTERM);
    absl::StatusOr<ProcessExit> exit = co_await process->Exit();
    EXPECT_EQ(exit->signal, SIGTERM);
  });
}

TEST(ProcessTest, TheGroupIsKilledWithItsOwner) {
  pid_t pid = 0;
  rpc::Run([&pid]() -> Task<void> {
    const std::unique_ptr<Process> process = StartSh("sleep 1000 & echo up; sleep 1000; true");
    (void)co_await process->out()->Readable();
    pid = process->pid();
    EXPECT_GE(net::ProcessesOfGroup(pid).size(), 2u);
  });
  EXPECT_TRUE(GroupIsGone(pid));
}

class CancelledProcessTest : public CancelledCallTest,
                             public testing::WithParamInterface<Ending> {};

INSTANTIATE_TEST_SUITE_P(Endings, CancelledProcessTest,
                         testing::Values(Ending::kCancel, Ending::kDeadline, Ending::kLoss),
                         [](const testing::TestParamInfo<Ending>& info) {
                           return EndingName(info.param);
                         });

TEST_P(CancelledProcessTest, TheGroupIsKilledWithTheCallWhoseHandlerHoldsIt) {
  pid_t pid = 0;
  absl::Status heard;
  Begin(GetParam(), [&](Scene scene) -> Task<> {
    const std::unique_ptr<Process> process = StartSh("trap '' TERM INT; sleep 1000 & wait; wait");
    pid = process->pid();
    scene.waits.Happen();
    absl::StatusOr<ProcessExit> exit = co_await process->Exit();
    heard = exit.status();
    co_return heard;
  });
  EndCall();
  ExpectHandlerGone();
  EXPECT_TRUE(absl::IsCancelled(heard)) << heard;
  EXPECT_TRUE(GroupIsGone(pid));
}

TEST(ProcessTest, AFailureToStartIsASentence) {
  rpc::Run([]() -> Task<void> {
    const ProcessOptions options = {.command = "/no/such"};
    EXPECT_EQ(Process::Start(options).status(),
              absl::NotFoundError("cannot run \"/no/such\": no such file or directory"));
    co_return;
  });
}

TEST(ProcessTest, AThreadWithoutALoopStartsNone) {
  EXPECT_THROW((void)Process::Start({.command = "/bin/true"}), std::logic_error);
}

}  // namespace
}  // namespace rpc
