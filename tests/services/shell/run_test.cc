// Commands that are run to their end: what goes in, what comes out, and what they are given.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/services/shell/shell_fixture.h"

namespace shell {
namespace {

class RunTest : public ShellTest {
 protected:
  RunTest() { options_.directory = testing::TempDir(); }
};

TEST_F(RunTest, OutputAndErrorComeApart) {
  Serve();
  const Result result = Run(Script("echo to out; echo to err >&2"));
  EXPECT_EQ(result.status, absl::OkStatus());
  EXPECT_EQ(result.out, "to out\n");
  EXPECT_EQ(result.err, "to err\n");
  EXPECT_EQ(result.code(), 0);
}

TEST_F(RunTest, TheExitCodeIsTold) {
  Serve();
  EXPECT_EQ(Run(Named("true")).code(), 0);
  EXPECT_EQ(Run(Named("false")).code(), 1);
  EXPECT_EQ(Run(Script("exit 255")).code(), 255);
}

TEST_F(RunTest, TheSignalThatKilledItIsTold) {
  Serve();
  const Result result = Run(Script("kill -SEGV $$"));
  EXPECT_EQ(result.signal(), 11);
  EXPECT_EQ(result.limit(), LIMIT_NONE);
}

TEST_F(RunTest, ACommandReadsItsInputToTheEnd) {
  Serve();
  EXPECT_EQ(Run(Named("cat"), "hello\nthere").out, "hello\nthere");
  EXPECT_EQ(Run(Named("cat")).out, "");
}

TEST_F(RunTest, InputThatIsNotWantedIsNoError) {
  Serve();
  const std::string much(3'000'000, 'x');
  const Result result = Run(Named("head", {"-c", "3"}), much);
  EXPECT_EQ(result.status, absl::OkStatus());
  EXPECT_EQ(result.out, "xxx");
  EXPECT_EQ(Run(Named("true"), much).code(), 0);
}

TEST_F(RunTest, ACommandThatClosesItsInputGoesOnPrinting) {
  Serve();
  const std::string much(3'000'000, 'x');
  const Result result = Run(Script("exec <&-; sleep 0.1; head -c 2000000 /dev/zero"), much);
  EXPECT_EQ(result.out.size(), 2'000'000u);
  EXPECT_EQ(result.code(), 0);
}

TEST_F(RunTest, ACommandThatDoesNotReadItsInputGoesOnPrinting) {
  Serve();
  const Result result = Run(Script("head -c 2000000 /dev/zero"), std::string(3'000'000, 'x'));
  EXPECT_EQ(result.out.size(), 2'000'000u);
}

TEST_F(RunTest, EachOfOutputAndErrorKeepsItsOrder) {
  Serve();
  const Result result =
      Run(Script("i=0; while [ $i -lt 500 ]; do echo $i; echo $i >&2; i=$((i+1)); done"));
  std::string expected;
  for (int i = 0; i < 500; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(result.out, expected);
  EXPECT_EQ(result.err, expected);
}

TEST_F(RunTest, WhatACommandPrintedBeforeItWasKilledArrives) {
  Serve();
  const Result result = Run(Script("head -c 60000 /dev/zero; echo bad >&2; kill -KILL $$"));
  EXPECT_EQ(result.out.size(), 60'000u);
  EXPECT_EQ(result.err, "bad\n");
  EXPECT_EQ(result.signal(), 9);
}

TEST_F(RunTest, WhatIsLeftRunningDoesNotHoldTheCall) {
  Serve();
  const Result result = Run(Script("sleep 1000 & echo done"));
  EXPECT_EQ(result.out, "done\n");
  EXPECT_EQ(result.code(), 0);
}

TEST_F(RunTest, WhoHasLeftTheGroupDoesNotHoldTheCall) {
  Serve();
  const Result result = Run(Script("setsid sh -c 'echo $$; exec timeout 5 yes' & sleep 0.3"));
  EXPECT_EQ(result.status, absl::OkStatus());
  EXPECT_EQ(result.code(), 0);
}

TEST_F(RunTest, NoShellLooksAtTheArguments) {
  Serve();
  EXPECT_EQ(Run(Named("echo", {"$HOME", "*", "; true", "`id`", "a  b"})).out,
            "$HOME * ; true `id` a  b\n");
}

TEST_F(RunTest, AShellHasArgumentsToo) {
  Serve();
  EXPECT_EQ(Run(Script("echo \"$2 and $1 of $#\"", {"a b", "$HOME"})).out, "$HOME and a b of 2\n");
}

TEST_F(RunTest, TheEnvironmentIsTheServersListAndNotItsOwn) {
  setenv("RUN_TEST_SECRET", "secret", 1);
  setenv("HOME", "/home/of/server", 1);
  setenv("LANG", "C", 1);
  options_.environment = {"GIVEN=to all"};
  Serve();
  Command command = Named("env");
  (*command.mutable_environment())["LC_ALL"] = "POSIX";
  EXPECT_EQ(Run(command).out,
            "PATH=/usr/local/bin:/usr/bin:/bin\nHOME=/home/of/server\nLANG=C\nGIVEN=to all\n"
            "LC_ALL=POSIX\n");
}

TEST_F(RunTest, ACommandCallsItselfAsTheClientDoes) {
  Serve();
  EXPECT_EQ(Run(Named("cat", {"/no/such"})).err, "cat: /no/such: No such file or directory\n");
  EXPECT_EQ(Run(Script("echo $0")).out, "sh\n");
}

TEST_F(RunTest, VariablesThatChangeWhatIsRunAreNotTaken) {
  Serve();
  for (const char* name : {"LD_PRELOAD", "PATH", "BASH_ENV", "LANGUAGE", "", "LC_A=B"}) {
    Command command = Named("env");
    (*command.mutable_environment())[name] = "x";
    EXPECT_EQ(Run(command).status.code(), absl::StatusCode::kPermissionDenied) << name;
  }
}

TEST_F(RunTest, ACommandRunsWhereItIsTold) {
  const std::filesystem::path root = std::filesystem::canonical(testing::TempDir());
  std::filesystem::create_directories(root / "below" / "deeper");
  Serve();
  Command command = Named("pwd");
  EXPECT_EQ(Run(command).out, root.string() + "\n");
  command.set_directory("below/deeper/..");
  EXPECT_EQ(Run(command).out, (root / "below").string() + "\n");
  command.set_directory((root / "below").string());
  EXPECT_EQ(Run(command).out, (root / "below").string() + "\n");
}

TEST_F(RunTest, BytesOfAnyValuePass) {
  Serve();
  std::string bytes;
  for (int i = 0; i < 256 * 300; ++i) bytes.push_back(static_cast<char>(i * 7));
  EXPECT_EQ(Run(Named("cat"), bytes).out, bytes);
}

TEST_F(RunTest, AFailureToStartIsASentence) {
  namespace fs = std::filesystem;
  const std::string folder = fs::canonical(testing::TempDir());
  const std::string script = folder + "/script";
  for (const std::string& file : {script, folder + "/fleeting"}) {
    std::ofstream(file) << "#!/bin/sh\n";
    fs::permissions(file, fs::perms::owner_all);
  }
  options_.commands = {"fleeting", script};
  options_.path = {folder};
  Serve();
  fs::remove(folder + "/fleeting");
  fs::permissions(script, fs::perms::owner_read);
  EXPECT_EQ(Run(Named("fleeting")).status,
            absl::NotFoundError("the server has no \"fleeting\" in " + folder));
  EXPECT_EQ(Run(Named(script)).status,
            absl::PermissionDeniedError("cannot run \"" + script + "\": permission denied"));
}

TEST_F(RunTest, TheFirstMessageNamesTheCommandAndNoOther) {
  Serve();
  const rpc::Metadata token = Token();
  auto call = Client().Run({.metadata = &token});
  EXPECT_TRUE(call.Write(Bytes("hello")).Wait());
  EXPECT_EQ(call.Read().Wait(), nullptr);
  EXPECT_EQ(call.status(), absl::InvalidArgumentError("the first message names the command"));
  auto twice = Client().Run({.metadata = &token});
  EXPECT_TRUE(twice.Write(Begin(Named("cat"))).Wait());
  EXPECT_TRUE(twice.Write(Begin(Named("cat"))).Wait());
  EXPECT_EQ(twice.Read().Wait(), nullptr);
  EXPECT_EQ(twice.status().message(), "behind the command come its input and signals");
}

}  // namespace
}  // namespace shell
