#include "tests/services/shell/shell_fixture.h"

#include <utility>

#include "services/shell/token.h"
#include "tests/net/process_group.h"
#include "tests/support/eventually.h"

namespace shell {
namespace {

void Add(const Output& output, Result* result) {
  result->out += output.out();
  result->err += output.err();
  if (output.has_exit()) result->exit = output.exit();
}

rpc::Task<> Send(rpc::StreamCall<Output, Input>* call, const Command& command,
                 const std::string& input) {
  constexpr size_t kChunkSize = 60'000;
  Input message = Begin(command);
  bool wanted = co_await call->Write(message);
  for (size_t at = 0; wanted && at < input.size(); at += kChunkSize) {
    message.set_input(input.substr(at, kChunkSize));
    wanted = co_await call->Write(message);
  }
  call->Close();
  co_return absl::OkStatus();
}

rpc::Task<Result> Receive(rpc::StreamCall<Output, Input>* call) {
  Result result;
  while (const Output* output = co_await call->Read()) Add(*output, &result);
  result.status = call->status();
  co_return result;
}

}  // namespace

Command Named(const std::string& name, const std::vector<std::string>& arguments) {
  Command command;
  command.set_name(name);
  for (const std::string& argument : arguments) command.add_arguments(argument);
  return command;
}

Command Script(const std::string& text, const std::vector<std::string>& arguments) {
  Command command = Named(text, arguments);
  command.set_use_shell(true);
  return command;
}

Input Begin(const Command& command) {
  Input input;
  *input.mutable_command() = command;
  return input;
}

Input Bytes(const std::string& bytes) {
  Input input;
  input.set_input(bytes);
  return input;
}

Input SignalOf(uint32_t number) {
  Input input;
  input.set_signal(number);
  return input;
}

ShellTest::ShellTest() {
  options_.commands = {"cat", "echo", "env", "false", "head", "pwd", "sh", "sleep", "true"};
  options_.token = kToken;
}

ShellTest::~ShellTest() {
  channel_.reset();
  server_ = nullptr;
  const size_t left = service_ == nullptr ? 0 : service_->running();
  EXPECT_EQ(left, 0u);
}

void ShellTest::Serve(const rpc::ServerOptions& options) {
  ASSERT_EQ(CheckOptions(options_), absl::OkStatus());
  service_ = std::make_shared<ShellService>(options_);
  server_ = std::make_unique<rpc::Server>(options);
  server_->Add(service_);
  ASSERT_EQ(server_->Listen("tcp://127.0.0.1:0"), absl::OkStatus());
  ASSERT_EQ(server_->Start(), absl::OkStatus());
  address_ = server_->addresses().front();
  channel_.emplace(address_);
}

rpc::Metadata ShellTest::Token() const {
  rpc::Metadata metadata;
  AddToken(kToken, &metadata);
  return metadata;
}

Result ShellTest::Run(const Command& command, const std::string& input, absl::Duration timeout) {
  return rpc::Run([&]() -> rpc::Task<Result> {
    const rpc::Metadata token = Token();
    auto call = Client().Run({.timeout = timeout, .metadata = &token});
    auto both = co_await rpc::WhenAll(Send(&call, command, input), Receive(&call));
    co_return std::get<1>(both);
  });
}

ShellTest::Begun ShellTest::BeginScript(const std::string& text, absl::Duration timeout) {
  const rpc::Metadata token = Token();
  Begun begun;
  begun.call = std::make_unique<rpc::StreamCall<Output, Input>>(
      Client().Run({.timeout = timeout, .metadata = &token}));
  EXPECT_TRUE(begun.call->Write(Begin(Script(text))).Wait());
  const Output* const output = begun.call->Read().Wait();
  EXPECT_NE(output, nullptr) << begun.call->status();
  if (output != nullptr) begun.group = std::stoi("0" + output->out());
  EXPECT_FALSE(rpc::net::ProcessesOfGroup(begun.group).empty());
  return begun;
}

Result ShellTest::Finish(Begun* begun) {
  Result result;
  while (const Output* output = begun->call->Read().Wait()) Add(*output, &result);
  result.status = begun->call->status();
  return result;
}

bool ShellTest::IsGone(pid_t group) {
  return rpc::Eventually([group] { return rpc::net::ProcessesOfGroup(group).empty(); });
}

}  // namespace shell
