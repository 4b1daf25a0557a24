// Commands that do not come to their end by themselves: given up, cut off, and over a limit. None
// of their processes may stay.
#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/net/process_group.h"
#include "tests/services/shell/shell_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/proxy.h"

namespace shell {
namespace {

// Three processes that do not listen to polite signals.
constexpr char kStubborn[] = "trap '' INT TERM HUP; sleep 1000 & sleep 1001 & echo $$; wait; wait";
// `timeout` makes a group of its own; here one runs below the other.
constexpr char kInOtherGroups[] =
    "export LEADER=$$; "
    "timeout 600 sh -c 'timeout 780 sh -c \"echo \\$LEADER; exec sleep 1000\"; true'; true";
// More than the credit of a client that does not read; the rest stays in the pipe.
constexpr char kLeavesSome[] = "echo $$; read go; head -c 290000 /dev/zero";
constexpr char kEndless[] = "echo $$; exec cat /dev/zero";

class EndTest : public ShellTest {
 protected:
  // Begun by BeginScript, which has seen it live.
  bool IsSessionGone(pid_t session) {
    return rpc::Eventually([session] { return rpc::net::ProcessesOfSession(session).empty(); });
  }
};

TEST_F(EndTest, CancellingTheCallKillsTheWholeGroup) {
  Serve();
  Begun begun = BeginScript(kStubborn);
  EXPECT_GE(rpc::net::ProcessesOfGroup(begun.group).size(), 2u);
  begun.call->Cancel();
  EXPECT_TRUE(IsGone(begun.group));
}

TEST_F(EndTest, DroppingTheCallKillsTheWholeGroup) {
  Serve();
  const pid_t group = BeginScript(kStubborn).group;
  EXPECT_TRUE(IsGone(group));
}

TEST_F(EndTest, TheDeadlineOfTheCallKillsTheWholeGroup) {
  Serve();
  Begun begun = BeginScript(kStubborn, absl::Seconds(1));
  EXPECT_EQ(Finish(&begun).status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(IsGone(begun.group));
}

TEST_F(EndTest, ALostConnectionKillsTheWholeGroup) {
  Serve();
  rpc::Proxy proxy(address());
  channel_.emplace(proxy.address());
  Begun begun = BeginScript(kStubborn);
  proxy.Close();
  EXPECT_EQ(Finish(&begun).status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(IsGone(begun.group));
}

TEST_F(EndTest, TheEndOfTheServerKillsTheWholeGroup) {
  Serve({.threads = 2});
  Begun begun = BeginScript(kStubborn);
  Begun other = BeginScript(kEndless);
  StopServer();
  EXPECT_TRUE(IsGone(begun.group));
  EXPECT_TRUE(IsGone(other.group));
}

TEST_F(EndTest, ADrainLetsACommandFinish) {
  Serve();
  Begun begun = BeginScript("echo $$; read line; echo got $line");
  server_->StartShutdown(absl::Seconds(30));
  EXPECT_TRUE(begun.call->Write(Bytes("it\n")).Wait());
  const Result result = Finish(&begun);
  EXPECT_EQ(result.out, "got it\n");
  EXPECT_EQ(result.code(), 0);
}

TEST_F(EndTest, CancellingACommandThatPrintsForEverKillsIt) {
  Serve();
  Begun begun = BeginScript(kEndless);
  begun.call->Cancel();
  EXPECT_TRUE(IsGone(begun.group));
}

TEST_F(EndTest, ASignalReachesTheWholeGroup) {
  Serve();
  Begun begun = BeginScript("sleep 1000 & echo $$; wait");
  EXPECT_TRUE(begun.call->Write(SignalOf(SIGTERM)).Wait());
  const Result result = Finish(&begun);
  EXPECT_EQ(result.signal(), SIGTERM);
  EXPECT_EQ(result.limit(), LIMIT_NONE);
  EXPECT_TRUE(IsGone(begun.group));
}

TEST_F(EndTest, ACommandMayCatchASignalAndSaySo) {
  Serve();
  Begun begun =
      BeginScript("trap 'echo caught; exit 5' INT; echo $$; while :; do sleep 0.01; done");
  EXPECT_TRUE(begun.call->Write(SignalOf(SIGINT)).Wait());
  const Result result = Finish(&begun);
  EXPECT_EQ(result.out, "caught\n");
  EXPECT_EQ(result.code(), 5);
}

TEST_F(EndTest, ANumberThatIsNoSignalIsRefused) {
  Serve();
  Begun begun = BeginScript(kStubborn);
  EXPECT_TRUE(begun.call->Write(SignalOf(99)).Wait());
  EXPECT_EQ(Finish(&begun).status,
            absl::InvalidArgumentError("a signal is a number from 1 to 31, not 99"));
  EXPECT_TRUE(IsGone(begun.group));
}

TEST_F(EndTest, TheLimitOnTimeKillsTheWholeGroup) {
  options_.time_max = absl::Seconds(2);
  Serve();
  Begun begun = BeginScript(kStubborn);
  const Result result = Finish(&begun);
  EXPECT_EQ(result.status, absl::OkStatus());
  EXPECT_EQ(result.limit(), LIMIT_TIME);
  EXPECT_EQ(result.signal(), SIGKILL);
  EXPECT_TRUE(IsGone(begun.group));
}

TEST_F(EndTest, CancellingTheCallKillsWhoLeftTheGroup) {
  Serve();
  Begun begun = BeginScript(kInOtherGroups);
  begun.call->Cancel();
  EXPECT_TRUE(IsSessionGone(begun.group));
}

TEST_F(EndTest, ASignalThatEndsTheCommandKillsWhoLeftTheGroup) {
  Serve();
  Begun begun = BeginScript(kInOtherGroups);
  EXPECT_TRUE(begun.call->Write(SignalOf(SIGTERM)).Wait());
  EXPECT_EQ(Finish(&begun).signal(), SIGTERM);
  EXPECT_TRUE(IsSessionGone(begun.group));
}

TEST_F(EndTest, TheLimitOnTimeKillsWhoLeftTheGroup) {
  options_.time_max = absl::Seconds(1);
  Serve();
  Begun begun = BeginScript(kInOtherGroups);
  EXPECT_EQ(Finish(&begun).limit(), LIMIT_TIME);
  EXPECT_TRUE(IsSessionGone(begun.group));
}

TEST_F(EndTest, TheLimitOnOutputDeliversThatMuch) {
  options_.output_size_max = 1'000'000;
  Serve();
  const Result result = Run(Named("cat", {"/dev/zero"}));
  EXPECT_EQ(result.out.size(), 1'000'000u);
  EXPECT_EQ(result.limit(), LIMIT_OUTPUT);
  EXPECT_EQ(result.signal(), SIGKILL);
}

TEST_F(EndTest, OutputOfJustTheLimitIsWithinIt) {
  options_.output_size_max = 1'000'000;
  Serve();
  const Result result = Run(Script("head -c 999999 /dev/zero; printf x >&2"));
  EXPECT_EQ(result.out.size() + result.err.size(), 1'000'000u);
  EXPECT_EQ(result.limit(), LIMIT_NONE);
  EXPECT_EQ(result.code(), 0);
}

TEST_F(EndTest, OneCommandMoreThanTheLimitIsRefused) {
  options_.processes_max = 2;
  Serve({.threads = 2});
  Begun one = BeginScript(kStubborn);
  Begun two = BeginScript(kStubborn);
  EXPECT_EQ(
      Run(Named("true")).status,
      absl::ResourceExhaustedError("as many commands run already as this server runs at once: 2"));
  two.call->Cancel();
  EXPECT_TRUE(rpc::Eventually([this] { return Run(Named("true")).code() == 0; }));
  one.call->Cancel();
  EXPECT_TRUE(IsGone(one.group));
}

// Its pipes are there until then.
TEST_F(EndTest, ACommandThatHasExitedCountsUntilItsOutputIsRead) {
  options_.processes_max = 1;
  Serve();
  Begun begun = BeginScript(kLeavesSome);
  EXPECT_TRUE(begun.call->Write(Bytes("go\n")).Wait());
  EXPECT_TRUE(IsGone(begun.group));
  EXPECT_TRUE(absl::IsResourceExhausted(Run(Named("true")).status));
  EXPECT_EQ(Finish(&begun).out.size(), 290'000u);
  EXPECT_TRUE(rpc::Eventually([this] { return Run(Named("true")).code() == 0; }));
}

TEST_F(EndTest, WhatACommandHasLeftIsNotKeptForEver) {
  options_.processes_max = 1;
  options_.time_max = absl::Seconds(3);
  Serve();
  Begun begun = BeginScript(kLeavesSome);
  EXPECT_TRUE(begun.call->Write(Bytes("go\n")).Wait());
  EXPECT_TRUE(rpc::Eventually([this] { return Run(Named("true")).code() == 0; }));
  EXPECT_EQ(
      Finish(&begun).status,
      absl::DeadlineExceededError("the command had exited, and its output was not read within 3s"));
}

TEST_F(EndTest, TheLimitOnTimeHoldsForAClientThatDoesNotRead) {
  options_.time_max = absl::Seconds(2);
  Serve();
  Begun begun = BeginScript(kEndless);
  EXPECT_TRUE(IsGone(begun.group));
  EXPECT_EQ(Finish(&begun).limit(), LIMIT_TIME);
}

TEST_F(EndTest, AClientThatDoesNotReadStopsItsOwnCommandOnly) {
  Serve();
  Begun slow = BeginScript("echo $$; read go; head -c 30000000 /dev/zero; echo done >&2");
  EXPECT_TRUE(slow.call->Write(Bytes("go\n")).Wait());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Run(Script("head -c 3000000 /dev/zero")).out.size(), 3'000'000u);
  }
  EXPECT_FALSE(rpc::net::ProcessesOfGroup(slow.group).empty()) << "it was not stopped";
  const Result result = Finish(&slow);
  EXPECT_EQ(result.out.size(), 30'000'000u);
  EXPECT_EQ(result.err, "done\n");
}

TEST_F(EndTest, ManyRunAtOnceEachWithItsOwnEnds) {
  constexpr int kThreads = 16;
  Serve({.threads = 2});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string input(static_cast<size_t>(1'000 * t + i), static_cast<char>('a' + t));
        const Result result = Run(Script("cat; echo $1 >&2; exit $1", {std::to_string(t)}), input);
        EXPECT_EQ(result.out, input);
        EXPECT_EQ(result.err, std::to_string(t) + "\n");
        EXPECT_EQ(result.code(), t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(EndTest, WithoutTheTokenNothingIsRun) {
  Serve();
  for (const char* value : {"", "Bearer wrong-horse-battery"}) {
    rpc::Metadata metadata;
    if (*value != '\0') metadata.Add("authorization", value);
    auto call = Client().Run({.metadata = &metadata});
    EXPECT_EQ(call.Read().Wait(), nullptr);
    EXPECT_EQ(call.status(),
              absl::UnauthenticatedError("a valid token is needed: `authorization: Bearer TOKEN`"));
    EXPECT_EQ(Client().Describe({}, {.metadata = &metadata}).Wait().status(), call.status());
  }
}

TEST_F(EndTest, AClientCanAskWhatIsAllowed) {
  options_.directory = "/usr";
  options_.commands = {"sh", "cat"};
  Serve();
  const rpc::Metadata token = Token();
  DescribeRequest request;
  request.set_directory("bin/..");
  const absl::StatusOr<Description> description =
      Client().Describe(request, {.metadata = &token}).Wait();
  ASSERT_EQ(description.status(), absl::OkStatus());
  EXPECT_EQ(description->ShortDebugString(),
            "directory: \"/usr\" commands: \"cat\" commands: \"sh\" shell_allowed: true");
}

TEST_F(EndTest, OptionsThatMakeNoSenseServeNobody) {
  const auto service = std::make_shared<ShellService>(ShellOptions{.commands = {"ls"}});
  rpc::Server server;
  server.Add(service);
  Shell::Client client(server.InProcess());
  const absl::Status status = client.Describe({}).Wait().status();
  EXPECT_EQ(status, absl::FailedPreconditionError("this server's shell is not set up: the token "
                                                  "has 0 characters; it needs 16 at least"));
}

}  // namespace
}  // namespace shell
