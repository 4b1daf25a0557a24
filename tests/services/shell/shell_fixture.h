// A server whose clients may run a few commands, and calls to it in one line.
//
//     Serve();
//     Result result = Run(Named("echo", {"hello"}));
//     EXPECT_EQ(result.out, "hello\n");
//
// Options come before Serve. Threads: Run may be called by any number of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/shell/shell.rpc.h"
#include "services/shell/shell_service.h"

namespace shell {

constexpr char kToken[] = "correct-horse-battery";

Command Named(const std::string& name, const std::vector<std::string>& arguments = {});
// For `sh -c`.
Command Script(const std::string& text, const std::vector<std::string>& arguments = {});
Input Begin(const Command& command);
Input Bytes(const std::string& bytes);
Input SignalOf(uint32_t number);

// What came back of one command.
struct Result {
  std::string out = {};
  std::string err = {};
  std::optional<Exit> exit = {};
  absl::Status status = {};

  int code() const { return exit.has_value() ? static_cast<int>(exit->code()) : -1; }
  int signal() const { return exit.has_value() ? static_cast<int>(exit->signal()) : -1; }
  Limit limit() const { return exit.has_value() ? exit->limit() : LIMIT_NONE; }
};

class ShellTest : public testing::Test {
 protected:
  ShellTest();
  ~ShellTest() override;

  void Serve(const rpc::ServerOptions& options = {});
  const std::string& address() const { return address_; }
  // Ends the server, as its owner would.
  void StopServer() { server_ = nullptr; }

  Shell::Client Client() const { return Shell::Client(*channel_); }
  rpc::Metadata Token() const;

  // With this input, which then ends.
  Result Run(const Command& command, const std::string& input = "",
             absl::Duration timeout = absl::ZeroDuration());

  // A command of Script's that has begun: it has to print its $$ first.
  struct Begun {
    std::unique_ptr<rpc::StreamCall<Output, Input>> call = {};
    pid_t group = 0;
  };
  Begun BeginScript(const std::string& text, absl::Duration timeout = absl::ZeroDuration());
  // To its end.
  Result Finish(Begun* begun);

  // No process of it lives.
  bool IsGone(pid_t group);

  ShellOptions options_;
  std::shared_ptr<ShellService> service_;
  std::unique_ptr<rpc::Server> server_;
  std::string address_;
  std::optional<rpc::Channel> channel_;
};

}  // namespace shell
