// What a server allows, and in which words it refuses.
#include "services/shell/plan.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/shell/token.h"

namespace shell {
namespace {

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    root_ = std::filesystem::canonical(testing::TempDir()) / "plan";
    std::filesystem::create_directories(root_ / "inside");
    options_ = {.commands = {"cat", "ls", "/bin/echo"},
                .token = "0123456789abcdef",
                .directory = root_.string()};
  }

  absl::StatusOr<rpc::ProcessOptions> PlanOf(const std::string& name) {
    command_.set_name(name);
    return Plan(options_, command_);
  }
  absl::Status Refusal(const std::string& name) { return PlanOf(name).status(); }

  std::filesystem::path root_;
  ShellOptions options_;
  Command command_;
};

TEST_F(PlanTest, ANameIsLookedUpInTheServersPath) {
  EXPECT_EQ(PlanOf("cat")->command, "/usr/bin/cat");
  options_.path = {"/bin"};
  EXPECT_EQ(PlanOf("cat")->command, "/bin/cat");
}

TEST_F(PlanTest, AnAbsolutePathHasToBeListedAsSuch) {
  EXPECT_EQ(PlanOf("/bin/echo")->command, "/bin/echo");
  EXPECT_EQ(Refusal("/bin/cat"),
            absl::PermissionDeniedError(
                "this server does not run \"/bin/cat\"; it runs cat, ls, /bin/echo"));
  EXPECT_EQ(Refusal("echo").code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(PlanTest, NothingElseIsRun) {
  for (const char* name : {"rm", "./cat", "../bin/cat", "cat ", "CAT", "*", "cat,ls"}) {
    EXPECT_EQ(Refusal(name).code(), absl::StatusCode::kPermissionDenied) << name;
  }
  EXPECT_EQ(Refusal(""), absl::InvalidArgumentError("no command was named"));
}

TEST_F(PlanTest, ARefusalIsFitToBeShown) {
  EXPECT_EQ(Refusal("\x1b[2J\n").message(),
            "this server does not run \"\\x1b[2J\\n\"; it runs cat, ls, /bin/echo");
  EXPECT_LT(Refusal(std::string(100'000, 'x')).message().size(), 300u);
}

TEST_F(PlanTest, AShellIsThereOnlyWhenItIsListed) {
  command_.set_use_shell(true);
  EXPECT_EQ(Refusal("ls"), absl::PermissionDeniedError("this server does not run commands for a "
                                                       "shell; it runs cat, ls, /bin/echo"));
  EXPECT_FALSE(IsShellAllowed(options_));
  options_.commands.push_back("sh");
  EXPECT_TRUE(IsShellAllowed(options_));
  const absl::StatusOr<rpc::ProcessOptions> plan = PlanOf("ls | cat");
  EXPECT_EQ(plan->command, "/usr/bin/sh");
  EXPECT_EQ(plan->arguments, (std::vector<std::string>{"-c", "ls | cat", "sh"}));
}

TEST_F(PlanTest, ADirectoryIsWithinTheServers) {
  std::filesystem::remove(root_ / "way_out");
  std::filesystem::create_directory_symlink("/", root_ / "way_out");
  command_.set_directory("inside");
  EXPECT_EQ(PlanOf("ls")->directory, (root_ / "inside").string());
  for (const char* outside : {"/", "..", "/etc", "inside/../..", "way_out", "way_out/etc",
                              "way_out/no/such", "/no/such"}) {
    command_.set_directory(outside);
    EXPECT_EQ(Refusal("ls"),
              absl::PermissionDeniedError("commands run in \"" + root_.string() +
                                          "\" and below, not in \"" + outside + "\""));
  }
}

TEST_F(PlanTest, AMissingDirectoryIsNotFound) {
  command_.set_directory("no/such");
  EXPECT_EQ(Refusal("ls"),
            absl::NotFoundError("no directory \"no/such\" on the server: it does not exist"));
  std::ofstream(root_ / "file") << "text";
  command_.set_directory("file");
  EXPECT_EQ(Refusal("ls"),
            absl::NotFoundError("no directory \"file\" on the server: it is a file"));
}

TEST_F(PlanTest, ACommandIsCalledAsTheClientCallsIt) {
  EXPECT_EQ(PlanOf("cat")->name, "cat");
  EXPECT_EQ(PlanOf("/bin/echo")->name, "/bin/echo");
  options_.commands.push_back("sh");
  command_.set_use_shell(true);
  EXPECT_EQ(PlanOf("ls | cat")->name, "sh");
}

TEST_F(PlanTest, AValueThatMayBeAPathIsRefused) {
  for (const char* value : {"/tmp/x", ":/tmp/x", ":x", "../x", ".x", "de/../../tmp", "a..b"}) {
    (*command_.mutable_environment())["LC_ALL"] = value;
    EXPECT_EQ(Refusal("ls"), absl::PermissionDeniedError(
                                 "this server does not take \"" + std::string(value) +
                                 "\" for the variable LC_ALL: values of clients do not begin with "
                                 "/ : or . and have no .. in them"));
  }
}

TEST_F(PlanTest, ValuesThatAreNoPathsAreTaken) {
  for (const char* value : {"", "C", "de_DE.UTF-8", "Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0"}) {
    (*command_.mutable_environment())["TZ"] = value;
    EXPECT_EQ(Refusal("ls"), absl::OkStatus()) << value;
  }
}

TEST_F(PlanTest, AClientChoosesNoMessageCatalogues) {
  (*command_.mutable_environment())["LANGUAGE"] = "de";
  EXPECT_EQ(Refusal("ls").code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(PlanTest, AVariableThatIsNotTakenIsNamedWithThoseThatAre) {
  options_.variables = {"TZ", "LC_*"};
  (*command_.mutable_environment())["LD_PRELOAD"] = "/tmp/x.so";
  EXPECT_EQ(Refusal("ls"),
            absl::PermissionDeniedError("this server does not take the variable \"LD_PRELOAD\" "
                                        "from clients; it takes TZ, LC_*"));
}

TEST_F(PlanTest, TheClientsValueReplacesTheServers) {
  options_.environment = {"LANG=de_DE", "TZ=UTC"};
  (*command_.mutable_environment())["TZ"] = "Asia/Tokyo";
  const std::vector<std::string> environment = PlanOf("ls")->environment;
  EXPECT_EQ(std::count(environment.begin(), environment.end(), "LANG=de_DE"), 1);
  EXPECT_EQ(std::count(environment.begin(), environment.end(), "TZ=Asia/Tokyo"), 1);
  EXPECT_EQ(environment.size(), 4u);  // PATH and HOME besides
}

TEST(TokenTest, OnlyTheRightOneIsTaken) {
  const std::string token = "0123456789abcdef";
  rpc::Metadata metadata;
  AddToken(token, &metadata);
  EXPECT_EQ(CheckToken(metadata, token), absl::OkStatus());
  for (const char* shown : {"", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdeF",
                            "Bearer 0123456789abcdef0", "bearer 0123456789abcdef",
                            "0123456789abcdef", "Bearer 0123456789abcdefBearer 0123456789abcdef"}) {
    metadata.clear();
    metadata.Add("authorization", shown);
    EXPECT_EQ(CheckToken(metadata, token).code(), absl::StatusCode::kUnauthenticated) << shown;
  }
}

TEST(TokenTest, NoneAndAWrongOneGetTheSameAnswer) {
  rpc::Metadata wrong;
  AddToken("another", &wrong);
  EXPECT_EQ(CheckToken(rpc::Metadata(), "right"), CheckToken(wrong, "right"));
}

class OptionsTest : public testing::Test {
 protected:
  std::string Complaint() { return std::string(CheckOptions(options_).message()); }

  ShellOptions options_ = {.commands = {"ls"}, .token = "0123456789abcdef"};
};

TEST_F(OptionsTest, DefaultsAndATokenAreEnough) { EXPECT_EQ(Complaint(), ""); }

TEST_F(OptionsTest, WhatMakesNoSenseIsNamed) {
  options_.token = "short";
  EXPECT_EQ(Complaint(), "the token has 5 characters; it needs 16 at least");
  options_ = {.commands = {}, .token = "0123456789abcdef"};
  EXPECT_EQ(Complaint(), "no command is allowed");
  options_.commands = {"bin/ls"};
  EXPECT_EQ(Complaint(), "a command is a name without a slash or an absolute path, not \"bin/ls\"");
  options_ = {.commands = {"ls"}, .token = "0123456789abcdef", .directory = "/no/such"};
  EXPECT_EQ(Complaint(), "the directory for commands, \"/no/such\", is none");
}

TEST_F(OptionsTest, ACommandThatIsNotThereIsNamed) {
  options_.commands = {"ls", "no-such-command"};
  EXPECT_EQ(Complaint(),
            "\"no-such-command\" is listed as a command and is not in /usr/local/bin, /usr/bin, "
            "/bin");
  for (const char* path : {"/no/such", "/etc/passwd", "/etc"}) {
    options_.commands = {"ls", path};
    EXPECT_EQ(Complaint(), "\"" + std::string(path) +
                               "\" is listed as a command and is no program that can be run");
  }
  options_.commands = {"/bin/ls"};
  EXPECT_EQ(Complaint(), "");
}

TEST_F(OptionsTest, ATokenIsTheFirstLineOfItsFile) {
  const std::string file = testing::TempDir() + "/token";
  std::ofstream(file) << "0123456789abcdef \nmore\n";
  std::string token;
  EXPECT_EQ(ReadToken(file, &token), absl::OkStatus());
  EXPECT_EQ(token, "0123456789abcdef");
}

TEST_F(OptionsTest, ATokenThatCannotBeReadIsASentence) {
  std::string token;
  EXPECT_EQ(ReadToken("/no/such", &token),
            absl::InvalidArgumentError(
                "cannot read a token from \"/no/such\": No such file or directory"));
  const std::string file = testing::TempDir() + "/empty_token";
  std::ofstream(file) << "";
  EXPECT_EQ(ReadToken(file, &token), absl::InvalidArgumentError("cannot read a token from \"" +
                                                                file + "\": it has no line"));
}

}  // namespace
}  // namespace shell
